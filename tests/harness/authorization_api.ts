import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import type { TLSSocket } from "node:tls";
import type { Account, ApiServerAccess } from "../../src/auth/kube_config.ts";
import { createAuthority, type KeyPair, type ThrowawayAuthority } from "./certificates.ts";

/** One request that the API received. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** The body as received. */
  readonly text: string;
  /** The body, parsed. */
  readonly body: {
    kind?: string;
    apiVersion?: string;
    spec?: {
      user?: string;
      groups?: string[];
      extra?: Record<string, string[]>;
      resourceAttributes?: Record<string, string>;
    };
  };
  /** CN of the client certificate that was presented; null: none. */
  readonly certificateName: string | null;
  /** Number of the connection, in the order of opening, from 0. */
  readonly connection: number;
}

/** How the API responds to a request. */
export type Reply =
  | { readonly status?: number; readonly json?: unknown; readonly text?: string }
  /** Closes the connection without an answer. */
  | "drop"
  /** Announces a longer answer than it sends, then closes the connection. */
  | "cut"
  /** Never answers. */
  | "hang";

/** A small Kubernetes API that only supports access reviews, over TLS, and records its requests. */
export class AuthorizationApi implements AsyncDisposable {
  readonly #authority: ThrowawayAuthority;
  readonly #pair: KeyPair;
  readonly #address: string;
  readonly asked: Asked[] = [];
  /** Determines the response to each request; may be changed at any time. */
  answer: (asked: Asked) => Reply | Promise<Reply>;
  /** The highest number of requests that were being answered at one time. */
  busiest = 0;
  #busy = 0;
  #connections = 0;
  #server: Server | null = null;
  #port = 0;

  private constructor(
    authority: ThrowawayAuthority,
    pair: KeyPair,
    address: string,
    answer: (asked: Asked) => Reply | Promise<Reply>,
  ) {
    this.#authority = authority;
    this.#pair = pair;
    this.#address = address;
    this.answer = answer;
  }

  /**
   * Listens on a free port of 127.0.0.1, or of another loopback address, for which its certificate is not valid.
   * Without an answer function, it allows everything.
   */
  static async start(
    options: {
      readonly address?: string;
      readonly authority?: ThrowawayAuthority;
      readonly answer?: (asked: Asked) => Reply | Promise<Reply>;
    } = {},
  ): Promise<AuthorizationApi> {
    const authority = options.authority ?? await createAuthority("API server CA");
    const api = new AuthorizationApi(
      authority,
      await authority.server(),
      options.address ?? "127.0.0.1",
      options.answer ?? ((asked) => verdict(asked, true)),
    );
    await api.resume();
    return api;
  }

  get url(): string {
    return `https://${this.#address}:${this.#port}`;
  }

  /** PEM of the CA that signed its certificate. */
  get ca(): string {
    return this.#authority.cert;
  }

  /** How many connections were opened. */
  get connections(): number {
    return this.#connections;
  }

  /** How many connections are open now. */
  openConnections(): Promise<number> {
    const server = this.#server;
    if (server === null) return Promise.resolve(0);
    return new Promise((resolve) => server.getConnections((_error, count) => resolve(count)));
  }

  /** As in a kubeconfig. */
  access(account: Account = { token: "agent-token" }, ca = this.ca): ApiServerAccess {
    return {
      url: new URL(this.url),
      serverName: undefined,
      certificateAuthority: () => ca,
      account: () => Promise.resolve(account),
    };
  }

  /** A kubeconfig file's text for this server, with a token. */
  kubeConfig(token = "agent-token"): string {
    return JSON.stringify({
      apiVersion: "v1",
      kind: "Config",
      "current-context": "test",
      contexts: [{ name: "test", context: { cluster: "test", user: "agent" } }],
      clusters: [{
        name: "test",
        cluster: { server: this.url, "certificate-authority-data": btoa(this.ca) },
      }],
      users: [{ name: "agent", user: { token } }],
    });
  }

  /** Stops listening and ends every connection. */
  async stop(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    if (server === null) return;
    const closed = new Promise((resolve) => server.close(resolve));
    server.closeAllConnections();
    await closed;
  }

  /** Listens again on the same port. */
  async resume(): Promise<void> {
    const numbers = new WeakMap<object, number>();
    const server = createServer({
      key: this.#pair.key,
      cert: this.#pair.cert,
      ca: this.#authority.cert,
      requestCert: true,
      rejectUnauthorized: false,
    }, (request, response) => {
      const number = numbers.get(request.socket) ?? this.#connections++;
      numbers.set(request.socket, number);
      // A request that the agent abandons is cut off; there is nobody to answer.
      this.#serve(request, response, number).catch(() => {});
    });
    await new Promise<void>((resolve) => server.listen(this.#port, this.#address, resolve));
    this.#port = (server.address() as AddressInfo).port;
    this.#server = server;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
  }

  async #serve(
    request: IncomingMessage,
    response: ServerResponse,
    connection: number,
  ): Promise<void> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString();
    const certificate = (request.socket as TLSSocket).getPeerCertificate?.();
    const name: unknown = certificate?.subject?.CN;
    const asked: Asked = {
      method: request.method ?? "",
      path: request.url ?? "",
      headers: request.headers,
      text,
      body: JSON.parse(text),
      certificateName: typeof name === "string" ? name : null,
      connection,
    };
    this.asked.push(asked);
    this.busiest = Math.max(this.busiest, ++this.#busy);
    const reply = await this.answer(asked);
    this.#busy--;
    if (reply === "hang") return;
    if (reply === "drop") {
      request.socket.destroy();
      return;
    }
    if (reply === "cut") {
      response.writeHead(201, { "content-type": "application/json", "content-length": "1000" });
      response.write('{"kind":"SubjectAccessReview","status":{"allowed":true}}', () => {
        request.socket.destroy();
      });
      return;
    }
    const content = reply.text ?? JSON.stringify(reply.json);
    response.writeHead(reply.status ?? 201, { "content-type": "application/json" });
    response.end(content);
  }
}

/** The review as the API server returns it, with its verdict. */
export function verdict(asked: Asked, allowed: boolean): Reply {
  return {
    status: 201,
    json: { ...asked.body, metadata: {}, status: { allowed, reason: allowed ? "" : "no rule" } },
  };
}

/** An error in the API server's form (a Status object). */
export function failure(status: number, message: string): Reply {
  return { status, json: { kind: "Status", apiVersion: "v1", status: "Failure", message } };
}
