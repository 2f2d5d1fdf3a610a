import http2 from "node:http2";

/** What is used of an Http2Session of node:http2. */
interface Session {
  destroy(...args: unknown[]): void;
}

/**
 * Keeps the process alive when the other end sends GOAWAY, as every client does that closes its
 * connection. node:http2 then destroys an idle session within the very callback in which the
 * platform's HTTP/2 library reads the frame; Deno 2.9.6 frees the library's session at once, and the
 * library goes on in freed memory: an abort ("find_stream_on_goaway_func: Assertion
 * `stream->closed_next == NULL' failed") or a segmentation fault, for about every hundredth
 * connection (denoland/deno issue 36788). So a session is destroyed a turn of the event loop later.
 */
export function deferSessionEnd(session: Session): void {
  const { destroy } = session;
  session.destroy = (...args) => void setImmediate(() => destroy.apply(session, args));
}

let guarded = false;

/** The same for every client session of this process that is opened from now on. */
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
