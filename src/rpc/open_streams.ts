import type { Server } from "@grpc/grpc-js";
import { type Http2Stream, onHttp2Server } from "./http2_servers.ts";

/**
 * The HTTP/2 streams of a server that are still open. A call is over for grpc-js when its last bytes
 * are handed down; its stream closes when they are on their way to the client, which may be slow.
 */
export class OpenStreams {
  #count = 0;
  readonly #waiting = new Set<() => void>();

  /** To be made before bindAsync. Throws where grpc-js has changed. */
  constructor(server: Server) {
    onHttp2Server(server, (source) => source.on("stream", (stream) => this.#opened(stream)));
  }

  get count(): number {
    return this.#count;
  }

  /** Resolves when no stream is open. */
  noneLeft(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  #opened(stream: Http2Stream): void {
    this.#count++;
    stream.once("close", () => {
      this.#count--;
      if (this.#count > 0) return;
      for (const resolve of this.#waiting) resolve();
      this.#waiting.clear();
    });
  }
}
