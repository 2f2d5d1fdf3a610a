import type { Server } from "@grpc/grpc-js";
import { constants } from "node:http2";
import type { Socket } from "node:net";

/** Receives a stream, its headers by name, and the raw headers: name, value, name, value, … */
export type StreamListener = (
  stream: Http2Stream,
  headers: Record<string, unknown>,
  flags: number,
  rawHeaders: readonly string[],
) => void;

/** The parts of a node:http2 server that are used here. */
export interface Http2Source {
  on(event: "session", listener: (session: Http2Session) => void): unknown;
  on(event: "tlsClientError", listener: (error: Error) => void): unknown;
  on(event: "stream", listener: StreamListener): unknown;
  off(event: "stream", listener: StreamListener): unknown;
  listeners(event: "stream"): unknown[];
  prependListener(
    event: "connection" | "secureConnection",
    listener: (socket: Socket) => void,
  ): unknown;
}

export interface Http2Session {
  destroy(...args: unknown[]): void;
  goaway(code: number): void;
  readonly socket: Pick<Socket, "localAddress" | "remoteAddress" | "remotePort">;
  readonly destroyed: boolean;
}

export interface Http2Stream {
  once(event: "close" | "aborted", listener: () => void): unknown;
  readonly id?: number;
  readonly session?: Http2Session | undefined;
  /** The peer has reset it, or both sides have ended it. */
  readonly closed: boolean;
  readonly destroyed: boolean;
  /** Everything has been written, though it may not have been read yet. */
  readonly writableEnded: boolean;
  close(code: number): void;
  destroy(): unknown;
  respond(headers: Record<string, unknown>, options: { readonly endStream: true }): void;
  resume(): unknown;
}

/** Ends a stream at once, whatever it has not sent; gRPC clients interpret the code as RESOURCE_EXHAUSTED. */
export function resetStream(stream: Pick<Http2Stream, "close" | "destroy" | "destroyed">): void {
  stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM);
  // Otherwise, data waiting for the client's windows would keep it open.
  setImmediate(() => {
    if (!stream.destroyed) stream.destroy();
  });
}

/** Internals of grpc-js (hence its pinned version). */
interface ServerInternals {
  _setupHandlers?: (source: Http2Source | null, ...rest: unknown[]) => void;
}

/**
 * Calls back with each node:http2 server that the gRPC server creates, before grpc-js listens to it; call it before
 * bindAsync. Throws if grpc-js has changed, rather than serve without the code that depends on it.
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

/**
 * Calls judge for each new stream before grpc-js learns of it, after all other listeners; grpc-js gets only the streams
 * for which judge returns true. Call it before bindAsync. Throws if grpc-js has changed.
 */
export function judgeStreams(
  server: Server,
  judge: (
    stream: Http2Stream,
    headers: Record<string, unknown>,
    rawHeaders: readonly string[],
  ) => boolean,
): void {
  const internals = server as unknown as ServerInternals;
  const setupHandlers = internals._setupHandlers;
  if (typeof setupHandlers !== "function") {
    throw new Error("This version of @grpc/grpc-js does not show its HTTP/2 servers");
  }
  internals._setupHandlers = (source, ...rest) => {
    const before = new Set(source?.listeners("stream"));
    setupHandlers.call(server, source, ...rest);
    if (source === null) return;
    const added = source.listeners("stream").filter((listener) => !before.has(listener));
    const listener = added.at(-1) as StreamListener | undefined;
    if (listener === undefined) {
      throw new Error("This version of @grpc/grpc-js does not listen for HTTP/2 streams");
    }
    source.off("stream", listener);
    source.on("stream", (stream, headers, flags, raw) => {
      if (judge(stream, headers, raw)) listener.call(source, stream, headers, flags, raw);
    });
  };
}
