import { headerMemoryOf, ORDINARY_HEADER_MEMORY } from "./port_limits.ts";
import type { HeaderSize } from "./header_meter.ts";
import { Shares } from "./shares.ts";

export interface StreamPlaceLimits {
  /** HTTP/2 streams of any kind that are open at the same time. */
  readonly streams: number;
  /** What the headers of all open streams take, in bytes of memory, but those of ordinary calls. */
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

/** Of a stream from its opening to its close. */
export interface StreamPlace {
  /** It counts for its user from now on. */
  claim(): void;
  /** Its headers are not kept any more. */
  dropHeaders(): void;
  close(): void;
}

/**
 * The HTTP/2 streams of the port. A stream that counts for a user, or among those of health and reflection, is theirs
 * to bound; the places that they leave are for streams that are nobody's: callers to be identified, calls that were
 * refused and whose answers are not read. Connections have equal shares of these places, and of the memory of headers.
 * Owned by Connections, which alone calls it.
 */
export class StreamPlaces {
  readonly #unclaimed: Shares;
  readonly #headers: Shares;
  #claimed = 0;

  constructor({ streams, headerMemory }: StreamPlaceLimits) {
    this.#unclaimed = new Shares({ total: () => streams - this.#claimed });
    this.#headers = new Shares({ total: () => headerMemory });
  }

  /** Streams that are open, and the bytes of memory that are counted for headers. */
  get held(): { readonly streams: number; readonly headerMemory: number } {
    return {
      streams: this.#claimed + this.#unclaimed.held,
      headerMemory: this.#headers.held,
    };
  }

  /** Which limit refuses a stream; otherwise its place. Ordinary headers are never refused for others' large ones. */
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
