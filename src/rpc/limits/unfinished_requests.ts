import type { LimitName } from "../../telemetry/events.ts";

export interface RequestLimits {
  /** Of one call's request. */
  readonly requestBytes: number;
  /** Of all unfinished ones of the connection together, with what their frames take in memory. */
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

/** Overhead of one frame in memory, beyond its content, bytes. */
export const FRAME_OVERHEAD = 200;

/** A request whose last byte has not come. */
interface Unfinished {
  readonly sinceMs: number;
  bytes: number;
  /** With what its frames take. */
  memory: number;
}

/**
 * The requests of one connection that have begun and not ended, by the number of their stream, and what they take
 * together. Owned by its FrameGate, which alone calls it.
 */
export class UnfinishedRequests {
  readonly #limits: RequestLimits;
  readonly #now: () => number;
  readonly #requests = new Map<number, Unfinished>();
  #memory = 0;

  /** `now`: milliseconds. */
  constructor(limits: RequestLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
  }

  /** What they take together, with their frames, bytes. */
  get memory(): number {
    return this.#memory;
  }

  /** The streams, and since when their requests are unfinished by the given clock. */
  list(): [stream: number, sinceMs: number][] {
    return [...this.#requests].map(([stream, { sinceMs }]) => [stream, sinceMs]);
  }

  /** A stream's headers have come and its request has not. Returns the offense where these are too many. */
  begin(stream: number): Offense | null {
    if (this.#requests.has(stream)) return null;
    this.#requests.set(stream, { sinceMs: this.#now(), bytes: 0, memory: 0 });
    const most = this.#limits.unfinishedRequests;
    return this.#requests.size > most
      ? { limit: "request-time", why: `more than ${most} unfinished requests` }
      : null;
  }

  /** A frame with bytes of a request has come, its last one where `isLast`. Returns the offense where these are too many. */
  receive(stream: number, bytes: number, isLast: boolean): Offense | null {
    const request = this.#requests.get(stream);
    if (request === undefined) return null;
    request.bytes += bytes;
    request.memory += bytes + FRAME_OVERHEAD;
    this.#memory += bytes + FRAME_OVERHEAD;
    const { requestBytes, unfinishedBytes } = this.#limits;
    if (request.bytes > requestBytes) {
      return { limit: "request-bytes", why: `a request of more than ${requestBytes} bytes` };
    }
    if (isLast) this.finish(stream);
    else if (this.#memory > unfinishedBytes) {
      const why = `unfinished requests of more than ${unfinishedBytes} bytes`;
      return { limit: "request-bytes", why };
    }
    return null;
  }

  /** The stream's request is complete, or will never be. */
  finish(stream: number): void {
    this.#memory -= this.#requests.get(stream)?.memory ?? 0;
    this.#requests.delete(stream);
  }

  /** Forgets all requests: the connection ends. */
  clear(): void {
    this.#requests.clear();
    this.#memory = 0;
  }
}
