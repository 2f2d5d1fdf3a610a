import type { LimitName } from "../../telemetry/events.ts";

export interface RequestLimits {
  /** Of one call's request, and of all unfinished ones of the connection together. */
  readonly requestBytes: number;
  readonly unfinishedBytes: number;
  /** Requests that are begun and not finished at the same time. */
  readonly unfinishedRequests: number;
}

/** What a connection did that ends it. */
export interface Offense {
  /** Null: not a limit, but something that is no HTTP/2. */
  readonly limit: LimitName | null;
  readonly why: string;
}

/** A request whose last byte has not come. */
interface Unfinished {
  readonly sinceMs: number;
  bytes: number;
}

/**
 * The requests of one connection that have begun and not ended, by the number of their stream, and what they take
 * together. Owned by its FrameGate, which alone calls it.
 */
export class UnfinishedRequests {
  readonly #limits: RequestLimits;
  readonly #now: () => number;
  readonly #requests = new Map<number, Unfinished>();
  #bytes = 0;

  /** `now`: milliseconds. */
  constructor(limits: RequestLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /** The streams, and since when their requests are unfinished by the given clock. */
  list(): [stream: number, sinceMs: number][] {
    return [...this.#requests].map(([stream, { sinceMs }]) => [stream, sinceMs]);
  }

  /** A stream's headers have come and its request has not. Returns the offense where these are too many. */
  begin(stream: number): Offense | null {
    if (this.#requests.has(stream)) return null;
    this.#requests.set(stream, { sinceMs: this.#now(), bytes: 0 });
    const most = this.#limits.unfinishedRequests;
    return this.#requests.size > most
      ? { limit: "request-time", why: `more than ${most} unfinished requests` }
      : null;
  }

  /** Bytes of a request have come, its last ones where `isLast`. Returns the offense where these are too many. */
  receive(stream: number, bytes: number, isLast: boolean): Offense | null {
    const request = this.#requests.get(stream);
    if (request === undefined) return null;
    request.bytes += bytes;
    this.#bytes += bytes;
    const { requestBytes, unfinishedBytes } = this.#limits;
    if (request.bytes > requestBytes) {
      return { limit: "request-bytes", why: `a request of more than ${requestBytes} bytes` };
    }
    if (isLast) this.finish(stream);
    else if (this.#bytes > unfinishedBytes) {
      const why = `unfinished requests of more than ${unfinishedBytes} bytes`;
      return { limit: "request-bytes", why };
    }
    return null;
  }

  /** The stream's request is complete, or will never be. */
  finish(stream: number): void {
    this.#bytes -= this.#requests.get(stream)?.bytes ?? 0;
    this.#requests.delete(stream);
  }

  /** Forgets all requests: the connection ends. */
  clear(): void {
    this.#requests.clear();
    this.#bytes = 0;
  }
}
