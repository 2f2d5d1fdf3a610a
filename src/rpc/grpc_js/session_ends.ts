import type { Server } from "@grpc/grpc-js";
import http2 from "node:http2";
import { onHttp2Server } from "./http2_servers.ts";

/** The part of node:http2's Http2Session that is used here. */
interface Session {
  destroy(...args: unknown[]): void;
}

/**
 * Keeps the process alive when the peer sends GOAWAY, as every client does when it closes its connection. node:http2
 * then destroys an idle session within the callback in which nghttp2 reads the frame; Deno 2.9.6 frees the session at
 * once, and nghttp2 continues in freed memory: an abort ("find_stream_on_goaway_func: Assertion `stream->closed_next ==
 * NULL' failed") or a segmentation fault for about every hundredth connection
 * (https://github.com/denoland/deno/issues/36788). So a session is destroyed one turn of the event loop later.
 */
export function deferSessionEnd(session: Session): void {
  const { destroy } = session;
  session.destroy = (...args) =>
    void setImmediate(() => withoutStacks(() => destroy.apply(session, args)));
}

/**
 * node:http2 creates an error for each open stream of a session that ends, and node:errors of Deno 2.9.6 formats its
 * stack at once: a millisecond for each, more than everything else.
 */
export function withoutStacks(work: () => void): void {
  const { stackTraceLimit } = Error;
  Error.stackTraceLimit = 0;
  try {
    work();
  } finally {
    Error.stackTraceLimit = stackTraceLimit;
  }
}

/**
 * Defers the end of every HTTP/2 session of this server (see deferSessionEnd); call it before bindAsync. Throws if
 * grpc-js has changed: otherwise any client could crash the agent.
 */
export function deferServerSessionEnds(server: Server): void {
  onHttp2Server(server, (source) => source.on("session", deferSessionEnd));
}

let guarded = false;

/** The same for every client session that this process opens from now on. */
export function deferClientSessionEnds(): void {
  if (guarded) return;
  guarded = true;
  const connect = http2.connect;
  http2.connect = ((...args: Parameters<typeof connect>) => {
    const session = connect(...args);
    deferSessionEnd(session as unknown as Session);
    return session;
  }) as typeof connect;
}
