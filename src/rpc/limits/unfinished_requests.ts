import type { LimitName } from "../../telemetry/events.ts";

export interface RequestLimits {
  /** Maximum size of one call's request. */
  readonly requestBytes: number;
  /** Maximum size of all unfinished requests of the connection together, including the memory of their frames. */
  readonly unfinishedBytes: number;
  /** Maximum number of requests that have begun but not finished. */
  readonly unfinishedRequests: number;
}

/** Something that a connection did for which it is ended. */
export interface Offense {
  /** Null: not a limit, but a violation of HTTP/2. */
  readonly limit: LimitName | null;
  readonly why: string;
}

/** Overhead of one frame in memory, beyond its content, in bytes. */
export const FRAME_OVERHEAD = 200;

/** A request whose last byte has not arrived. */
interface Unfinished {
  readonly sinceMs: number;
  bytes: number;
  /** Including the memory of its frames. */
  memory: number;
}

/**
 * The requests of one connection that have begun and not ended, by stream number, and their total memory. Owned by its
 * FrameGate, which alone calls it.
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

  /** Their total memory, including their frames, in bytes. */
  get memory(): number {
    return this.#memory;
  }

  /** The streams, and since when their requests have been unfinished by the given clock. */
  list(): [stream: number, sinceMs: number][] {
    return [...this.#requests].map(([stream, { sinceMs }]) => [stream, sinceMs]);
  }

  /** A stream's headers have arrived, but its request has not. Returns the offense if there are too many. */
  begin(stream: number): Offense | null {
    if (this.#requests.has(stream)) return null;
    this.#requests.set(stream, { sinceMs: this.#now(), bytes: 0, memory: 0 });
    const most = this.#limits.unfinishedRequests;
    return this.#requests.size > most
      ? { limit: "request-time", why: `more than ${most} unfinished requests` }
      : null;
  }

  /**
   * A frame with bytes of a request has arrived, the last one if `isLast`. Returns the offense if these are too many.
   */
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

  /** Forgets all requests because the connection ends. */
  clear(): void {
    this.#requests.clear();
    this.#memory = 0;
  }
}
