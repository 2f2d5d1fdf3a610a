import { headerMemoryOf, ORDINARY_HEADER_MEMORY } from "./port_limits.ts";
import type { HeaderSize } from "./header_meter.ts";
import { Shares } from "./shares.ts";

export interface StreamPlaceLimits {
  /** Maximum number of concurrent HTTP/2 streams of any kind. */
  readonly streams: number;
  /** Memory for the headers of all open streams, in bytes, not counting those of ordinary calls. */
  readonly headerMemory: number;
}

/** A stream that was just opened. */
export interface OpenedStream {
  readonly connection: object;
  readonly peer: string;
  readonly headers: HeaderSize;
  /** Its place, or the memory of its headers, is given to another connection's stream. */
  readonly evict: (limit: "streams" | "header-memory") => void;
}

/** The place of a stream from its opening to its close. */
export interface StreamPlace {
  /** It counts for its user from now on. */
  claim(): void;
  /** Its headers are no longer kept. */
  dropHeaders(): void;
  close(): void;
}

/**
 * The HTTP/2 streams of the port. Streams that count for a user, or as health or reflection calls, are bounded by those
 * limits; the remaining places are for streams that belong to nobody: callers to be identified, and refused calls whose
 * answers are not read. Connections have equal shares of these places, and of the memory for headers. Owned by
 * Connections, which alone calls it.
 */
export class StreamPlaces {
  readonly #unclaimed: Shares;
  readonly #headers: Shares;
  #claimed = 0;

  constructor({ streams, headerMemory }: StreamPlaceLimits) {
    this.#unclaimed = new Shares({ total: () => streams - this.#claimed });
    this.#headers = new Shares({ total: () => headerMemory });
  }

  /** The number of open streams, and the bytes of memory counted for headers. */
  get held(): { readonly streams: number; readonly headerMemory: number } {
    return {
      streams: this.#claimed + this.#unclaimed.held,
      headerMemory: this.#headers.held,
    };
  }

  /**
   * Returns the limit that refuses the stream, or its place. Ordinary headers are never refused because of others'
   * large ones.
   */
  open(stream: OpenedStream): StreamPlace | "streams" | "header-memory" {
    const { connection, peer, evict } = stream;
    const owners = [connection, peer];
    const place = this.#unclaimed.take({ owners, evict: () => evict("streams") });
    if (place === null) return "streams";
    const size = headerMemoryOf(stream.headers);
    const headers = size <= ORDINARY_HEADER_MEMORY
      ? nothing
      : this.#headers.take({ owners, weight: size, evict: () => evict("header-memory") });
    if (headers === null) {
      place[Symbol.dispose]();
      return "header-memory";
    }
    let isClaimed = false;
    let isClosed = false;
    return {
      claim: () => {
        if (isClaimed || isClosed) return;
        isClaimed = true;
        this.#claimed++;
        place[Symbol.dispose]();
      },
      dropHeaders: () => headers[Symbol.dispose](),
      close: () => {
        if (isClosed) return;
        isClosed = true;
        if (isClaimed) this.#claimed--;
        place[Symbol.dispose]();
        headers[Symbol.dispose]();
      },
    };
  }
}

const nothing: Disposable = { [Symbol.dispose]: () => {} };
