import type { Server } from "@grpc/grpc-js";

/** A node:http2 server and its streams, as far as they are needed here. */
interface StreamSource {
  on(event: "stream", listener: (stream: ClosingStream) => void): unknown;
}
interface ClosingStream {
  once(event: "close", listener: () => void): unknown;
}

/** What is private to grpc-js (hence its pinned version). */
interface ServerInternals {
  _setupHandlers?: (server: StreamSource | null, ...rest: unknown[]) => void;
}

/**
 * The HTTP/2 streams of a server that are still open. A call is over for grpc-js when its last bytes
 * are handed down; its stream closes when they are on their way to the client, which may be slow.
 */
export class OpenStreams {
  #count = 0;
  readonly #waiting = new Set<() => void>();

  /** To be made before bindAsync. Throws where grpc-js has changed. */
  constructor(server: Server) {
    const internals = server as unknown as ServerInternals;
    const setupHandlers = internals._setupHandlers;
    if (typeof setupHandlers !== "function") {
      throw new Error("This version of @grpc/grpc-js does not show its streams");
    }
    internals._setupHandlers = (source, ...rest) => {
      source?.on("stream", (stream) => this.#opened(stream));
      setupHandlers.call(server, source, ...rest);
    };
  }

  get count(): number {
    return this.#count;
  }

  /** Resolves when no stream is open. */
  noneLeft(): Promise<void> {
    if (this.#count === 0) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.add(resolve));
  }

  #opened(stream: ClosingStream): void {
    this.#count++;
    stream.once("close", () => {
      this.#count--;
      if (this.#count > 0) return;
      for (const resolve of this.#waiting) resolve();
      this.#waiting.clear();
    });
  }
}
