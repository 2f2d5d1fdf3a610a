/**
 * The state of a request. Only the pool revokes, only the worker begins, and each does so by one atomic operation on
 * QUEUED, so both always agree on whether a request has begun.
 */
const QUEUED = 0;
const BEGUN = 1;
/** It has not begun and never will. */
const REVOKED = 2;
/** Its result is no longer needed: the worker stops at the next block of its piece. */
const STOPPED = 3;

/** The number of requests that a worker may not have passed yet; each has its own flag. A power of two. */
export const REQUEST_FLAGS = 64;

const FINISHED = 0;
const COMPUTING_SINCE = 1;
const COMPUTED_MS = 2;
const ENGINE_KIB = 3;
const FIRST_REQUEST = 4;

/**
 * Memory that the pool and one of its workers share: a flag for each request in progress, and how long the worker has
 * computed. Request numbers are consecutive 32-bit integers. The pool creates it; the worker wraps the same buffer.
 * Owned by the pool's Thread and its worker, each on its own side.
 */
export class SharedFlags {
  readonly buffer: SharedArrayBuffer;
  readonly #words: Int32Array;

  constructor(buffer = new SharedArrayBuffer(4 * (FIRST_REQUEST + REQUEST_FLAGS))) {
    this.buffer = buffer;
    this.#words = new Int32Array(buffer);
  }

  /** Pool: how many requests up to `id` the worker has not passed yet. */
  outstanding(id: number): number {
    return (id - Atomics.load(this.#words, FINISHED)) | 0;
  }

  /** Pool: prepares the flag of a request before it is sent. Throws if none is free. */
  queue(id: number): void {
    if (this.outstanding(id) > REQUEST_FLAGS) throw new Error(`no flag is free for request ${id}`);
    Atomics.store(this.#words, flagOf(id), QUEUED);
  }

  /** Pool: takes back a request. False if the worker has begun it. */
  revoke(id: number): boolean {
    return Atomics.compareExchange(this.#words, flagOf(id), QUEUED, REVOKED) !== BEGUN;
  }

  /**
   * Pool: tells the worker to abandon the request. The worker still responds. Returns whether it has begun the request.
   */
  stop(id: number): boolean {
    return Atomics.exchange(this.#words, flagOf(id), STOPPED) !== QUEUED;
  }

  isRevoked(id: number): boolean {
    return Atomics.load(this.#words, flagOf(id)) === REVOKED;
  }

  isStopped(id: number): boolean {
    return Atomics.load(this.#words, flagOf(id)) === STOPPED;
  }

  isFinished(id: number): boolean {
    return this.outstanding(id) <= 0;
  }

  /** Worker: whether it may begin the request. */
  begin(id: number): "begun" | "revoked" | "stopped" {
    const state = Atomics.compareExchange(this.#words, flagOf(id), QUEUED, BEGUN);
    if (state === QUEUED) return "begun";
    return this.isRevoked(id) ? "revoked" : "stopped";
  }

  /** Worker: it has passed the request; called before it answers. */
  finish(id: number): void {
    Atomics.store(this.#words, COMPUTED_MS, 0);
    Atomics.store(this.#words, FINISHED, id);
  }

  /** Worker: it computes from now on. Everything else is waiting: for a disk, or for a module to load. */
  startComputing(): void {
    Atomics.store(this.#words, COMPUTING_SINCE, nowMs());
  }

  stopComputing(): void {
    const since = Atomics.exchange(this.#words, COMPUTING_SINCE, 0);
    if (since !== 0) Atomics.add(this.#words, COMPUTED_MS, msSince(since));
  }

  /** How long the worker has computed for its current request, in milliseconds. */
  get computedMs(): number {
    const since = Atomics.load(this.#words, COMPUTING_SINCE);
    return Atomics.load(this.#words, COMPUTED_MS) + (since === 0 ? 0 : msSince(since));
  }

  get isComputing(): boolean {
    return Atomics.load(this.#words, COMPUTING_SINCE) !== 0;
  }

  /** Memory of the worker's regex engine, in bytes, as last reported by the worker. */
  get engineBytes(): number {
    return Atomics.load(this.#words, ENGINE_KIB) * 1024;
  }

  set engineBytes(bytes: number) {
    Atomics.store(this.#words, ENGINE_KIB, Math.ceil(bytes / 1024));
  }
}

function flagOf(id: number): number {
  return FIRST_REQUEST + (id & (REQUEST_FLAGS - 1));
}

/** The wall-clock time, because threads have no other common clock; never 0. Its low bits are enough. */
function nowMs(): number {
  return (Date.now() & 0x7fff_ffff) || 1;
}

/** 0 if the clock was set back. */
function msSince(since: number): number {
  const passed = (nowMs() - since) & 0x7fff_ffff;
  return passed < 0x4000_0000 ? passed : 0;
}
