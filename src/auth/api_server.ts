import { request as httpRequest } from "node:http";
import { Agent, request as httpsRequest } from "node:https";
import { connect as connectTcp, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";
import type { ApiServerAccess } from "./kube_config.ts";

/** A response of the API server. */
export interface ApiResponse {
  readonly status: number;
  /** Parsed JSON; undefined if the body is not JSON. */
  readonly body: unknown;
  /** The message of a Status object, without credentials; null if the response has none. */
  readonly message: string | null;
}

/** No complete response arrived; the text says what was wrong, without credentials. */
export class NoResponse extends Error {
  override readonly name = "NoResponse";
}

/** Sent with each request, so that an audit log shows who asked. */
const USER_AGENT = "kubetail-cluster-agent";
/** A review is well under 1 KiB, and the answer repeats it. */
const MAX_ANSWER_BYTES = 1024 * 1024;
/** Beyond this number, requests wait for a free connection. */
const MAX_CONNECTIONS = 16;

interface Connections {
  readonly agent: Agent;
  readonly ca: string | undefined;
  readonly certificate: string | undefined;
  readonly key: string | undefined;
}

/**
 * Posts JSON to the API server over kept-alive connections, as the agent or as a caller. Owned by the reviewer, which
 * alone calls it and closes it.
 */
export class ApiServer {
  readonly #access: ApiServerAccess;
  readonly #timeoutMs: number;
  /** The connections of each account, and the certificates with which they were made. */
  readonly #connections = new Map<"agent" | "caller", Connections>();

  constructor(access: ApiServerAccess, options: { readonly timeoutMs: number }) {
    this.#access = access;
    this.#timeoutMs = options.timeoutMs;
  }

  /**
   * Posts as the agent's own account, or as the bearer of the given token only, without the agent's certificate or
   * token. Retries once if the connection broke (a review changes nothing, so asking twice is harmless). Throws
   * NoResponse, or the signal's reason.
   */
  async post(
    path: string,
    body: unknown,
    options: { readonly token: string | null; readonly signal: AbortSignal },
  ): Promise<ApiResponse> {
    const own = options.token === null ? await this.#access.account() : null;
    const token = options.token ?? own?.token;
    const agent = this.#agent(options.token === null ? "agent" : "caller", own ?? {});
    const content = JSON.stringify(body);
    const headers: Record<string, string> = {
      "content-type": "application/json",
      "content-length": String(Buffer.byteLength(content)),
      accept: "application/json",
      "user-agent": USER_AGENT,
    };
    if (token !== undefined) headers["authorization"] = `Bearer ${token}`;
    const { url } = this.#access;
    const target = new URL(url.pathname.replace(/\/$/, "") + path, url);

    const end = new AbortController();
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      end.abort();
    }, this.#timeoutMs);
    const onAbort = () => end.abort();
    options.signal.addEventListener("abort", onAbort);
    const { signal } = end;
    try {
      options.signal.throwIfAborted();
      for (let attempt = 1;; attempt++) {
        try {
          const answer = await send(target, { agent, headers, content, signal });
          return { ...answer, message: messageOf(answer.body, token) };
        } catch (error) {
          options.signal.throwIfAborted();
          if (late) {
            throw new NoResponse(`no answer within ${this.#timeoutMs / 1000} s`, { cause: error });
          }
          if (attempt === 2) throw new NoResponse(connectionProblem(error), { cause: error });
        }
      }
    } finally {
      clearTimeout(timer);
      options.signal.removeEventListener("abort", onAbort);
    }
  }

  close(): void {
    for (const { agent } of this.#connections.values()) agent.destroy();
    this.#connections.clear();
  }

  /** The connections of an account; new ones if its certificates or the CAs have changed. */
  #agent(
    who: "agent" | "caller",
    own: { readonly certificate?: string; readonly key?: string },
  ): Agent | undefined {
    if (this.#access.url.protocol === "http:") return undefined;
    const ca = this.#access.certificateAuthority();
    const { certificate, key } = own;
    const known = this.#connections.get(who);
    if (known?.ca === ca && known?.certificate === certificate && known?.key === key) {
      return known?.agent;
    }
    known?.agent.destroy();
    const { serverName } = this.#access;
    const agent = new Agent({
      keepAlive: true,
      maxSockets: MAX_CONNECTIONS,
      rejectUnauthorized: true,
      ...(ca === undefined ? {} : { ca }),
      ...(certificate === undefined ? {} : { cert: certificate }),
      ...(key === undefined ? {} : { key }),
      ...(serverName === undefined ? {} : { servername: serverName }),
    });
    // The type declarations only allow connections that are available immediately.
    agent.createConnection = tcpFirst(this.#timeoutMs) as unknown as typeof agent.createConnection;
    this.#connections.set(who, { agent, ca, certificate, key });
    return agent;
  }
}

/**
 * How the agent connects: TLS begins only on an established TCP connection. Deno 2.9.6 never frees a TLS socket whose
 * connection was refused, which is 16 KB and more per request while an API server is down.
 */
function tcpFirst(timeoutMs: number) {
  return (
    options: ConnectionOptions,
    done: (error: Error | null, socket?: Socket) => void,
  ): undefined => {
    const raw = connectTcp({ host: options.host ?? "localhost", port: options.port ?? 443 });
    const fail = (error: Error) => done(error);
    raw.once("error", fail);
    // A host that drops packets must not occupy one of the connections for minutes.
    raw.setTimeout(timeoutMs, () => raw.destroy(new Error("the host does not answer")));
    raw.once("connect", () => {
      raw.off("error", fail);
      raw.setTimeout(0);
      done(null, connectTls({ ...options, socket: raw }));
    });
  };
}

function send(
  url: URL,
  options: {
    readonly agent: Agent | undefined;
    readonly headers: Record<string, string>;
    readonly content: string;
    readonly signal: AbortSignal;
  },
): Promise<Pick<ApiResponse, "status" | "body">> {
  const { agent, headers, content, signal } = options;
  return new Promise((resolve, reject) => {
    const request = url.protocol === "http:"
      ? httpRequest(url, { method: "POST", headers, signal })
      : httpsRequest(url, { method: "POST", headers, signal, agent });
    request.on("error", reject);
    request.on("response", (response) => {
      const chunks: Uint8Array[] = [];
      let length = 0;
      response.on("error", reject);
      response.on("aborted", () => reject(new Error("the connection broke within the answer")));
      response.on("data", (chunk: Uint8Array) => {
        length += chunk.length;
        if (length <= MAX_ANSWER_BYTES) {
          chunks.push(chunk);
          return;
        }
        reject(new Error(`an answer of more than ${MAX_ANSWER_BYTES} bytes`));
        request.destroy();
      });
      response.on("end", () => {
        if (!response.complete) return reject(new Error("the connection broke within the answer"));
        resolve({ status: response.statusCode ?? 0, body: parseJson(Buffer.concat(chunks)) });
      });
    });
    request.end(content);
  });
}

/** A webhook or a proxy may repeat the token that it refuses, and the message is logged. */
function messageOf(body: unknown, token: string | undefined): string | null {
  const message = (body as { readonly message?: unknown } | null | undefined)?.message;
  if (typeof message !== "string") return null;
  return token === undefined || token === "" ? message : message.replaceAll(token, "<token>");
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}

function connectionProblem(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const code = "code" in error && typeof error.code === "string" ? `${error.code}: ` : "";
  return code + error.message;
}
