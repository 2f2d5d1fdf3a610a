import { Failure } from "../failure/failure.ts";
import type { Report } from "../telemetry/events.ts";
import { API_VERSION, selfReview, subjectReview } from "./access_review.ts";
import { type ApiResponse, ApiServer, NoResponse } from "./api_server.ts";
import type { ReviewedIdentity, Reviewer } from "./review.ts";
import type { TokenIdentity } from "./identity.ts";
import { type ApiServerAccess, findApiServer } from "./kube_config.ts";
import type { User } from "./user.ts";

const GROUP = "/apis/authorization.k8s.io/v1";
const DEFAULT_TIMEOUT_MS = 10_000;
/** A broken API server fails every call; it is enough to log this once in a while. */
const NOTICE_INTERVAL_MS = 60_000;

/** The reviewer of a running agent: see KubernetesReviewer. A misconfigured access is reported at once. */
export function createReviewer(options: { readonly report: Report }): KubernetesReviewer {
  const reviewer = new KubernetesReviewer(options);
  void reviewer.prepare();
  return reviewer;
}

/**
 * Asks the Kubernetes API server through its authorization API (kubernetes.io, "Checking API access"): about a proxy's
 * user with a SubjectAccessReview as the agent's own account, about a token's bearer with a SelfSubjectAccessReview as
 * that bearer. Owned by serve, which closes it; the Authorizer and ReviewHealth call it.
 */
export class KubernetesReviewer implements Reviewer {
  readonly #report: Report;
  readonly #timeoutMs: number;
  readonly #findApiServer: () => Promise<ApiServerAccess>;
  readonly #noticed = new Map<string, number>();
  #server: Promise<ApiServer> | null = null;

  constructor(
    options: {
      readonly report: Report;
      readonly timeoutMs?: number;
      readonly findApiServer?: () => Promise<ApiServerAccess>;
    },
  ) {
    this.#report = options.report;
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    this.#findApiServer = options.findApiServer ?? findApiServer;
  }

  /**
   * Finds out where the API server is, without calling it yet. An error is reported, not thrown: each review tries
   * again, because the files may appear later.
   */
  async prepare(): Promise<void> {
    try {
      await this.#connect();
    } catch (error) {
      this.#notice(`Cannot ask for access reviews: ${messageOf(error)}`);
    }
  }

  /**
   * Rejects with Failure unauthenticated if the API server refuses the caller's token, and with another Failure if the
   * review failed.
   */
  async review(
    identity: ReviewedIdentity,
    namespace: string,
    options: { readonly signal: AbortSignal },
  ): Promise<boolean> {
    const self = identity.kind === "token";
    const answer = await this.#post(
      self ? "selfsubjectaccessreviews" : "subjectaccessreviews",
      self ? selfReview(namespace) : subjectReview(identity, namespace),
      { token: self ? identity.token : null, signal: options.signal },
    );
    if (answer.status === 200 || answer.status === 201) return this.#verdict(answer, self);
    throw self ? this.#refusedCaller(answer) : this.#refusedAgent(answer);
  }

  /**
   * Who the bearer of a token is, according to a SelfSubjectReview (authentication.k8s.io/v1, since Kubernetes 1.28) as
   * that bearer. Null if the API server does not have this API, or does not answer.
   */
  async whoIs(
    identity: TokenIdentity,
    { signal }: { readonly signal: AbortSignal },
  ): Promise<User | null> {
    const kind = "SelfSubjectReview";
    const version = "authentication.k8s.io/v1";
    const server = await this.#connect();
    const answer = await server.post(
      `/apis/${version}/selfsubjectreviews`,
      { apiVersion: version, kind },
      { token: identity.token, signal },
    );
    if (answer.status !== 200 && answer.status !== 201) return null;
    const body = record(answer.body);
    const info = record(record(body?.["status"])?.["userInfo"]);
    const name = info?.["username"];
    if (body?.["kind"] !== kind || typeof name !== "string" || name === "") return null;
    const extra = Object.entries(record(info?.["extra"]) ?? {})
      .map(([key, values]) => [key, texts(values)] as const);
    return { user: name, groups: texts(info?.["groups"]), extra: new Map(extra) };
  }

  /**
   * Why reviews are not possible now; null if they are. Asks, as the agent's own account, whether it may ask about
   * others (SelfSubjectAccessReview).
   *
   * @param options.ownAccountNeeded whether reviews of all callers use the agent's own account
   */
  async problem(
    options: { readonly ownAccountNeeded: boolean; readonly signal: AbortSignal },
  ): Promise<string | null> {
    try {
      const server = await this.#connect();
      const answer = await server.post(`${GROUP}/selfsubjectaccessreviews`, {
        apiVersion: API_VERSION,
        kind: "SelfSubjectAccessReview",
        spec: {
          resourceAttributes: {
            verb: "create",
            group: "authorization.k8s.io",
            resource: "subjectaccessreviews",
          },
        },
      }, { token: null, signal: options.signal });
      const { status } = answer;
      if (status >= 500 || status === 429) return `the Kubernetes API server answers ${status}`;
      if (!options.ownAccountNeeded) return null;
      if (status === 401) {
        return "the Kubernetes API server does not accept the agent's credentials";
      }
      const isDenied = record(record(answer.body)?.["status"])?.["allowed"] === false;
      return isDenied ? "the agent's account may not create subjectaccessreviews" : null;
    } catch (error) {
      return error instanceof NoResponse
        ? `the Kubernetes API server does not answer: ${error.message}`
        : messageOf(error);
    }
  }

  close(): void {
    this.#server?.then((server) => server.close(), () => {});
    this.#server = null;
  }

  async #post(
    resource: string,
    body: unknown,
    options: { readonly token: string | null; readonly signal: AbortSignal },
  ): Promise<ApiResponse> {
    try {
      const server = await this.#connect();
      return await server.post(`${GROUP}/${resource}`, body, options);
    } catch (error) {
      if (options.signal.aborted) throw new Failure("cancelled", "The call has ended");
      if (error instanceof NoResponse) {
        this.#notice(`Cannot ask the Kubernetes API server: ${error.message}`);
        throw unavailable("it did not answer", error);
      }
      // Kubeconfig, certificates or a token's file: for the operator to fix, not for the caller to read.
      this.#notice(`Cannot ask for access reviews: ${messageOf(error)}`);
      throw unavailable("the agent's access to it is not configured, or is misconfigured", error);
    }
  }

  #connect(): Promise<ApiServer> {
    this.#server ??= this.#findApiServer().then(
      (access) => new ApiServer(access, { timeoutMs: this.#timeoutMs }),
      (error) => {
        this.#server = null;
        throw error;
      },
    );
    return this.#server;
  }

  /** Only a complete answer that clearly allows access is a yes. */
  #verdict(answer: ApiResponse, self: boolean): boolean {
    const kind = self ? "SelfSubjectAccessReview" : "SubjectAccessReview";
    const body = record(answer.body);
    const status = record(body?.["status"]);
    const allowed = status?.["allowed"];
    const answeredKind = body?.["kind"] ?? kind;
    if (typeof allowed !== "boolean" || answeredKind !== kind) {
      this.#notice(
        `Cannot understand the Kubernetes API server's answer: no ${kind} with a status`,
      );
      throw unavailable("its answer could not be understood");
    }
    return allowed && status?.["denied"] !== true;
  }

  #refusedCaller(answer: ApiResponse): Failure {
    if (answer.status === 401) {
      return new Failure(
        "unauthenticated",
        "The Kubernetes API server does not accept the token",
      );
    }
    if (answer.status === 403) {
      return new Failure(
        "permission-denied",
        "permission denied: the Kubernetes API server does not let this token request access reviews",
      );
    }
    return this.#noVerdict(answer);
  }

  #refusedAgent(answer: ApiResponse): Failure {
    if (answer.status !== 401 && answer.status !== 403) return this.#noVerdict(answer);
    const what = answer.status === 401
      ? "The Kubernetes API server does not accept the agent's own credentials (401)"
      : "The agent's own account may not create SubjectAccessReviews (403)";
    this.#notice(
      `${what}: it needs a valid account with the right to create subjectaccessreviews.authorization.k8s.io`,
      answer,
    );
    return new Failure(
      "internal",
      "Cannot review access: the agent's own account lacks the right to ask the Kubernetes API server " +
        "(create subjectaccessreviews.authorization.k8s.io)",
    );
  }

  #noVerdict(answer: ApiResponse): Failure {
    const { status } = answer;
    this.#notice(`The Kubernetes API server answered ${status} to an access review`, answer);
    if (status === 429 || status >= 500) return unavailable(`it answered ${status}`);
    return new Failure(
      "internal",
      `Cannot review access: the Kubernetes API server answered ${status}`,
    );
  }

  #notice(text: string, answer?: ApiResponse): void {
    const now = performance.now();
    const last = this.#noticed.get(text);
    if (last !== undefined && now - last < NOTICE_INTERVAL_MS) return;
    // There are only a handful of causes, and so of texts; any others must not pile up.
    if (this.#noticed.size >= 100) this.#noticed.clear();
    this.#noticed.set(text, now);
    const message = answer?.message ?? null;
    this.#report({
      type: "notice",
      level: "error",
      text,
      ...(message === null ? {} : { fields: { answer: message } }),
    });
  }
}

function unavailable(why: string, cause?: unknown): Failure {
  return new Failure(
    "unavailable",
    `Cannot ask the Kubernetes API server: ${why}`,
    cause === undefined ? {} : { cause },
  );
}

/** The strings of a list. */
function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((each) => typeof each === "string") : [];
}

function record(value: unknown): Record<string, unknown> | null {
  return typeof value === "object" && value !== null ? value as Record<string, unknown> : null;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
