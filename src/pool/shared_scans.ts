import type { PieceResult } from "./piece.ts";

interface Waiter {
  readonly signal: AbortSignal;
}

/** A scan in progress, and those who wait for its result. */
interface Shared {
  readonly result: Promise<PieceResult>;
  readonly controller: AbortController;
  readonly waiters: Set<Waiter>;
  /** The first one to take the result gets its buffer; the others get copies. */
  isTaken: boolean;
}

/** Starts a scan. `isWanted` returns whether anybody still waits for its result. */
export type StartScan = (signal: AbortSignal, isWanted: () => boolean) => Promise<PieceResult>;

/**
 * Identical scans in progress at the same time are shared: many streams that search the same log for the same pattern,
 * as when a page is opened several times, cost little more than one. Owned by the pool, which calls it for pieces of
 * files.
 */
export class SharedScans {
  readonly #scans = new Map<string, Shared>();

  /**
   * The result of the scan with that name, which is started unless it is in progress. Rejects with the signal's reason
   * as soon as it fires; the scan itself is aborted when nobody waits for it any more.
   */
  run(name: string, signal: AbortSignal, start: StartScan): Promise<PieceResult> {
    if (signal.aborted) return Promise.reject(signal.reason);
    const waiter: Waiter = { signal };
    let shared = this.#scans.get(name);
    if (shared !== undefined && isWanted(shared)) shared.waiters.add(waiter);
    else this.#scans.set(name, shared = this.#start(name, waiter, start));
    return this.#wait(shared, waiter);
  }

  #start(name: string, waiter: Waiter, start: StartScan): Shared {
    const controller = new AbortController();
    const waiters = new Set([waiter]);
    const result = start(controller.signal, () => isWanted({ waiters }));
    const shared: Shared = { result, controller, waiters, isTaken: false };
    const forget = () => {
      if (this.#scans.get(name) === shared) this.#scans.delete(name);
    };
    result.then(forget, forget);
    return shared;
  }

  #wait(shared: Shared, waiter: Waiter): Promise<PieceResult> {
    const { promise, resolve, reject } = Promise.withResolvers<PieceResult>();
    const { signal } = waiter;
    const leave = () => {
      shared.waiters.delete(waiter);
      signal.removeEventListener("abort", onAbort);
    };
    const onAbort = () => {
      leave();
      reject(signal.reason);
      if (shared.waiters.size === 0) shared.controller.abort(signal.reason);
    };
    signal.addEventListener("abort", onAbort);
    shared.result.then((result) => {
      if (!shared.waiters.has(waiter)) return;
      leave();
      // All of these run before any waiter continues, so the buffer still exists.
      resolve(shared.isTaken ? { ...result, frames: result.frames.slice() } : result);
      shared.isTaken = true;
    }, (error) => {
      leave();
      reject(error);
    });
    return promise;
  }
}

function isWanted({ waiters }: Pick<Shared, "waiters">): boolean {
  for (const { signal } of waiters) if (!signal.aborted) return true;
  return false;
}
