import type { Server } from "@grpc/grpc-js";
import { type Http2Stream, onHttp2Server } from "./http2_servers.ts";

/** How often closed streams that were not released are searched for, while there are any streams. */
const SWEEP_MS = 5000;

/**
 * The HTTP/2 streams of a server that are still open. For grpc-js, a call is over when its last bytes are passed on;
 * its stream closes when they are on their way to the client, which may be slow.
 *
 * Also makes sure that they close: a stream that the client resets with the code NO_ERROR (as node:http2 does when a
 * session is destroyed) while it has unsent bytes waits forever in Deno 2.9.6, and with it its call, its log file and
 * its session. Owned by the AgentServer, which alone calls it.
 */
export class OpenStreams implements Disposable {
  readonly #open = new Set<Http2Stream>();
  readonly #awaited = new Set<Http2Stream>();
  readonly #waiting = new Set<() => void>();
  #closedBefore = new Set<Http2Stream>();
  #sweeper: ReturnType<typeof setInterval> | undefined;

  /** Must be created before bindAsync. Throws if grpc-js has changed. */
  constructor(server: Server) {
    onHttp2Server(server, (source) => {
      source.on("stream", (stream, headers) => this.#opened(stream, headers[":path"]));
    });
  }

  /** The number of streams that a graceful stop waits for: those of callers who are owed an answer. */
  get count(): number {
    return this.#awaited.size;
  }

  /** Resolves when no such stream is open. */
  noneLeft(): Promise<void> {
    if (this.#awaited.size === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  [Symbol.dispose](): void {
    clearInterval(this.#sweeper);
  }

  #opened(stream: Http2Stream, path: unknown): void {
    this.#open.add(stream);
    // Health watches return as long as the port is open, and a reflection client need not end its side.
    if (!/^\/grpc\.(?:health|reflection)\./.test(String(path))) this.#awaited.add(stream);
    this.#sweeper ??= setInterval(() => this.#sweep(), SWEEP_MS);
    // Not within the library's callback, which still uses the stream.
    stream.once("aborted", () => setImmediate(() => stream.destroy()));
    stream.once("close", () => this.#closed(stream));
  }

  #closed(stream: Http2Stream): void {
    this.#open.delete(stream);
    this.#awaited.delete(stream);
    if (this.#open.size === 0) {
      clearInterval(this.#sweeper);
      this.#sweeper = undefined;
    }
    if (this.#awaited.size > 0) return;
    for (const resolve of this.#waiting) resolve();
    this.#waiting.clear();
  }

  /** A reset after the call's end is not reported as "aborted": ends streams that have been closed for a whole turn. */
  #sweep(): void {
    const closed = new Set<Http2Stream>();
    for (const stream of this.#open) {
      if (!stream.closed) continue;
      if (this.#closedBefore.has(stream)) stream.destroy();
      else closed.add(stream);
    }
    this.#closedBefore = closed;
  }
}
