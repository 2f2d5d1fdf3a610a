// deno-lint-ignore-file no-explicit-any

/** The part of node:http2's ServerHttp2Stream that is used here. */
export interface RawStream {
  write(bytes: Uint8Array, written: () => void): boolean;
  on(event: "drain" | "close", listener: () => void): void;
  once(event: "close", listener: () => void): void;
  close(code: number): void;
  destroy(): unknown;
  readonly destroyed: boolean;
  readonly closed: boolean;
  /** Undefined once the stream is destroyed. */
  readonly session?: object | undefined;
}

/** The innermost of the calls that grpc-js wraps for its interceptors: it owns the HTTP/2 stream. */
export interface InnermostCall {
  readonly stream: RawStream;
  maybeSendMetadata(): void;
}

/** The HTTP/2 stream of a call and what sends its response headers; null if grpc-js has changed. */
export function innermostCall(call: unknown): InnermostCall | null {
  let inner = (call as any).call;
  while (inner?.nextCall !== undefined) inner = inner.nextCall;
  const stream = inner?.stream;
  if (typeof inner?.maybeSendMetadata !== "function") return null;
  if (typeof stream?.write !== "function" || typeof stream?.once !== "function") return null;
  return inner;
}

/** The HTTP/2 session of a call; null if it is gone or cannot be found. */
export function connectionOf(call: unknown): object | null {
  return innermostCall(call)?.stream.session ?? null;
}

/**
 * Resolves when the HTTP/2 stream of a call is closed: its last byte has left, or the client has reset it. grpc-js
 * itself considers a call over when its last byte is passed to node:http2, which keeps it for as long as the client
 * does not read. Null if the stream is already closed or cannot be found.
 */
export function streamClosed(call: unknown): Promise<void> | null {
  const stream = innermostCall(call)?.stream;
  if (stream === undefined || stream.destroyed) return null;
  return new Promise((resolve) => stream.once("close", resolve));
}
