import { Failure } from "../failure/failure.ts";

/** Identifies a waiter and those with whom it shares its turns. */
export interface Origin {
  /** The same object or text for all that wait behind each other. */
  readonly owner: unknown;
  /** If each owner has one waiter, groups are compared. Default: the same for all. */
  readonly group?: unknown;
}

interface Waiter {
  readonly origin: Origin;
  readonly admit: () => void;
  readonly refuse: () => void;
}

/**
 * A queue for few places, in which owners take turns: a caller with thousands of requests waits only for its own. If
 * too many wait, the last one of the owner with the most is refused; if each owner has one, the last one of the group
 * with the most. Owned by the Authorizer and its Verdicts, each with its own.
 */
export class FairQueue {
  readonly #places: number;
  readonly #max: number;
  readonly #refusal: () => Failure;
  /** Waiters by owner; the owner whose turn is next comes first. */
  readonly #waiting = new Map<unknown, Waiter[]>();
  #count = 0;
  #running = 0;

  /**
   * @param options.places the number of places that can be taken at the same time
   * @param options.max the maximum number of waiters
   * @param options.refusal creates the error to throw if too many wait; called for each
   */
  constructor(options: {
    readonly places: number;
    readonly max?: number;
    readonly refusal?: () => Failure;
  }) {
    this.#places = options.places;
    this.#max = options.max ?? Number.POSITIVE_INFINITY;
    this.#refusal = options.refusal ??
      (() => new Failure("resource-exhausted", "Too many wait"));
  }

  /** The number of waiters. */
  get waiting(): number {
    return this.#count;
  }

  /**
   * Resolves when it is the owner's turn; disposing of the result admits the next one. Rejects with the refusal if too
   * many wait, and with Failure cancelled if the signal fires.
   */
  async enter(origin: Origin, signal: AbortSignal): Promise<Disposable> {
    if (this.#running < this.#places) {
      this.#running++;
      return this.#place();
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter = { origin, admit: resolve, refuse: () => reject(this.#refusal()) };
    const queue = this.#waiting.get(origin.owner) ?? [];
    this.#waiting.set(origin.owner, queue);
    queue.push(waiter);
    if (++this.#count > this.#max) this.#refuseOne();
    const onAbort = () => {
      if (this.#remove(waiter)) reject(new Failure("cancelled", "The call has ended"));
    };
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    try {
      await promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
    return this.#place();
  }

  #place(): Disposable {
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (held) this.#next();
        held = false;
      },
    };
  }

  /** A place is free: the first waiter of the next owner takes it. */
  #next(): void {
    const [entry] = this.#waiting;
    if (entry === undefined) {
      this.#running--;
      return;
    }
    const [owner, queue] = entry;
    const waiter = queue.shift();
    this.#waiting.delete(owner);
    if (queue.length > 0) this.#waiting.set(owner, queue); // Behind the others.
    this.#count--;
    waiter?.admit();
  }

  #refuseOne(): void {
    let longest: readonly Waiter[] = [];
    for (const queue of this.#waiting.values()) if (queue.length > longest.length) longest = queue;
    const last = longest.length > 1 ? longest.at(-1) : this.#lastOfLargestGroup();
    if (last !== undefined && this.#remove(last)) last.refuse();
  }

  #lastOfLargestGroup(): Waiter | undefined {
    const groups = Map.groupBy([...this.#waiting.values()].flat(), ({ origin }) => origin.group);
    let largest: Waiter[] = [];
    for (const group of groups.values()) if (group.length > largest.length) largest = group;
    return largest.at(-1);
  }

  #remove(waiter: Waiter): boolean {
    const { owner } = waiter.origin;
    const queue = this.#waiting.get(owner);
    const at = queue?.indexOf(waiter) ?? -1;
    if (queue === undefined || at < 0) return false;
    queue.splice(at, 1);
    if (queue.length === 0) this.#waiting.delete(owner);
    this.#count--;
    return true;
  }
}
