import type { Server } from "@grpc/grpc-js";

/** A node:http2 server, as far as it is needed here. */
export interface Http2Source {
  on(event: "session", listener: (session: Http2Session) => void): unknown;
  on(event: "tlsClientError", listener: (error: Error) => void): unknown;
  on(
    event: "stream",
    listener: (
      stream: Http2Stream,
      headers: Record<string, unknown>,
      flags: number,
      rawHeaders: readonly string[],
    ) => void,
  ): unknown;
}

export interface Http2Session {
  destroy(...args: unknown[]): void;
}

export interface Http2Stream {
  once(event: "close" | "aborted", listener: () => void): unknown;
  /** The peer has reset it, or both sides have said their last. */
  readonly closed: boolean;
  readonly destroyed: boolean;
  destroy(): unknown;
}

/** What is private to grpc-js (hence its pinned version). */
interface ServerInternals {
  _setupHandlers?: (source: Http2Source | null, ...rest: unknown[]) => void;
}

/**
 * Calls back with each node:http2 server that the gRPC server makes, before grpc-js listens to it; to be
 * called before bindAsync. Throws where grpc-js has changed, rather than serve without what depends on it.
 */
export function onHttp2Server(server: Server, callback: (source: Http2Source) => void): void {
  const internals = server as unknown as ServerInternals;
  const setupHandlers = internals._setupHandlers;
  if (typeof setupHandlers !== "function") {
    throw new Error("This version of @grpc/grpc-js does not show its HTTP/2 servers");
  }
  internals._setupHandlers = (source, ...rest) => {
    if (source !== null) callback(source);
    setupHandlers.call(server, source, ...rest);
  };
}
