import { createSign } from "node:crypto";
import { setTimeout as wait } from "node:timers/promises";
import { type ApiServer, startApiServer } from "../../hack/api_server.ts";

/** A subject of a binding, in RBAC's form. */
export type Subject =
  | { readonly kind: "User" | "Group"; readonly name: string }
  | { readonly kind: "ServiceAccount"; readonly namespace: string; readonly name: string };

const AGENT_NAMESPACE = "kubetail-system";

/** A real API server with what the agent's tests need; removed when disposed of. */
export class Cluster implements AsyncDisposable {
  readonly server: ApiServer;

  private constructor(server: ApiServer) {
    this.server = server;
  }

  /** With the namespaces team-a, team-b and kubetail-system, and the ClusterRoles log-reader and access-reviewer. */
  static async start(assets: string): Promise<Cluster> {
    const cluster = new Cluster(await startApiServer(assets));
    for (const name of ["team-a", "team-b", AGENT_NAMESPACE]) {
      await cluster.#create("/api/v1/namespaces", { metadata: { name } });
    }
    await cluster.#create("/apis/rbac.authorization.k8s.io/v1/clusterroles", {
      metadata: { name: "log-reader" },
      rules: [{ apiGroups: [""], resources: ["pods/log"], verbs: ["get"] }],
    });
    // Like the chart's role: this one right, and nothing else of system:auth-delegator.
    await cluster.#create("/apis/rbac.authorization.k8s.io/v1/clusterroles", {
      metadata: { name: "access-reviewer" },
      rules: [{
        apiGroups: ["authorization.k8s.io"],
        resources: ["subjectaccessreviews"],
        verbs: ["create"],
      }],
    });
    return cluster;
  }

  /**
   * Lets the subject read logs of one namespace, or of all; returns a function that revokes that. Resolves when it
   * takes effect.
   */
  async allowLogs(subject: Subject, namespace: string | null): Promise<() => Promise<void>> {
    return await this.#bind(subject, "log-reader", namespace, {
      resource: "pods",
      subresource: "log",
      verb: "get",
      ...(namespace === null ? {} : { namespace }),
    });
  }

  /** A service account that may request access reviews of others, or may not; returns a token for it. */
  async agentAccount(name: string, options: { mayReview: boolean }): Promise<string> {
    const token = await this.serviceAccount(AGENT_NAMESPACE, name);
    if (options.mayReview) {
      await this.#bind(
        { kind: "ServiceAccount", namespace: AGENT_NAMESPACE, name },
        "access-reviewer",
        null,
        { group: "authorization.k8s.io", resource: "subjectaccessreviews", verb: "create" },
      );
    }
    return token;
  }

  /** Creates a service account; returns a token for it. */
  async serviceAccount(namespace: string, name: string): Promise<string> {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts`;
    await this.#create(path, { metadata: { name } });
    const { body } = await this.#create(`${path}/${name}/token`, {
      apiVersion: "authentication.k8s.io/v1",
      kind: "TokenRequest",
      spec: { expirationSeconds: 3600 },
    });
    return (body as unknown as { status: { token: string } }).status.token;
  }

  /** A token for a service account that expires at a time chosen by the test, signed with the cluster's own key. */
  async signToken(
    namespace: string,
    name: string,
    expires: number,
    key = this.server.serviceAccountKey,
  ): Promise<string> {
    const { body } = await this.server.call(
      "GET",
      `/api/v1/namespaces/${namespace}/serviceaccounts/${name}`,
    );
    const { uid } = (body as unknown as { metadata: { uid: string } }).metadata;
    const issuer = "https://kubernetes.default.svc";
    const begins = expires - 3600;
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const signed = `${part({ alg: "RS256", typ: "JWT" })}.${
      part({
        iss: issuer,
        aud: [issuer],
        sub: `system:serviceaccount:${namespace}:${name}`,
        exp: expires,
        iat: begins,
        nbf: begins,
        "kubernetes.io": { namespace, serviceaccount: { name, uid } },
      })
    }`;
    return `${signed}.${createSign("RSA-SHA256").update(signed).sign(key, "base64url")}`;
  }

  /** A kubeconfig's text for the holder of the token, or with the file that contains it. */
  kubeConfig(user: { readonly token: string } | { readonly tokenFile: string }): string {
    return JSON.stringify({
      "current-context": "test",
      contexts: [{ name: "test", context: { cluster: "test", user: "agent" } }],
      clusters: [{
        name: "test",
        cluster: {
          server: this.server.url,
          "certificate-authority-data": btoa(this.server.ca),
        },
      }],
      users: [{ name: "agent", user }],
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.server[Symbol.asyncDispose]();
  }

  #bindings = 0;

  async #bind(
    subject: Subject,
    role: string,
    namespace: string | null,
    resourceAttributes: Record<string, string>,
  ): Promise<() => Promise<void>> {
    const api = "/apis/rbac.authorization.k8s.io/v1";
    const path = namespace === null
      ? `${api}/clusterrolebindings`
      : `${api}/namespaces/${namespace}/rolebindings`;
    const name = `binding-${this.#bindings++}`;
    await this.#create(path, {
      metadata: { name },
      roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: role },
      subjects: [
        subject.kind === "ServiceAccount"
          ? subject
          : { ...subject, apiGroup: "rbac.authorization.k8s.io" },
      ],
    });
    await this.#until(subject, resourceAttributes, true);
    return async () => {
      await this.#expect(200, "DELETE", `${path}/${name}`);
      await this.#until(subject, resourceAttributes, false);
    };
  }

  /** The API server learns about its own objects through a watch, a moment later. */
  async #until(
    subject: Subject,
    resourceAttributes: Record<string, string>,
    allowed: boolean,
  ): Promise<void> {
    const user = subject.kind === "ServiceAccount"
      ? `system:serviceaccount:${subject.namespace}:${subject.name}`
      : subject.name;
    const who = subject.kind === "Group" ? { groups: [subject.name] } : { user };
    for (let tries = 0; tries < 2400; tries++) {
      const { body } = await this.#create(
        "/apis/authorization.k8s.io/v1/subjectaccessreviews",
        { spec: { ...who, resourceAttributes } },
      );
      const { status } = body as unknown as { status: { allowed: boolean } };
      if (status.allowed === allowed) return;
      await wait(25); // polling is the only way to find out
    }
    throw new Error(`the right of ${user} does not become ${allowed}`);
  }

  #create(path: string, body: object): ReturnType<ApiServer["call"]> {
    return this.#expect(201, "POST", path, JSON.stringify(body));
  }

  async #expect(
    status: number,
    method: string,
    path: string,
    body?: string,
  ): ReturnType<ApiServer["call"]> {
    const answer = await this.server.call(method, path, body);
    if (answer.status !== status) {
      throw new Error(`${method} ${path}: ${answer.status}: ${answer.body.message}`);
    }
    return answer;
  }
}
