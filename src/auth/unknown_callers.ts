import { Failure } from "../failure/failure.ts";

/** Reviews of unknown callers at the same time: half of the connections to the API server, so that others have theirs. */
const MAX_RUNNING = 8;

interface Waiter {
  readonly admit: () => void;
  readonly refuse: () => void;
}

/**
 * The queue of callers whom the API server has not accepted yet. Origins (connections) take turns, and
 * where too many wait, the last one of the origin with the most is refused: whoever comes with
 * thousands of made-up tokens waits behind himself.
 */
export class UnknownCallers {
  readonly #max: number;
  readonly #onRefused: () => void;
  /** Who waits, by origin; the origin whose turn is next comes first. */
  readonly #waiting = new Map<object, Waiter[]>();
  #count = 0;
  #running = 0;

  constructor(options: { readonly max: number; readonly onRefused: () => void }) {
    this.#max = options.max;
    this.#onRefused = options.onRefused;
  }

  /**
   * Resolves when it is the caller's turn; disposing of what it resolves with lets the next one in. Rejects with
   * Failure resource-exhausted where too many wait, cancelled where the signal fires.
   */
  async enter(origin: object, signal: AbortSignal): Promise<Disposable> {
    if (this.#running < MAX_RUNNING) {
      this.#running++;
      return this.#place();
    }
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const waiter: Waiter = {
      admit: resolve,
      refuse: () => {
        this.#onRefused();
        reject(
          new Failure(
            "resource-exhausted",
            `Cannot review access now: ${this.#max} callers wait who are not known yet (limits.max-unknown-callers); try again`,
          ),
        );
      },
    };
    const queue = this.#waiting.get(origin) ?? [];
    this.#waiting.set(origin, queue);
    queue.push(waiter);
    if (++this.#count > this.#max) this.#refuseLast();
    const onAbort = () => {
      if (!this.#remove(origin, waiter)) return;
      reject(new Failure("cancelled", "The call has ended"));
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

  /** A place is free: the next origin's first caller takes it. */
  #next(): void {
    const [entry] = this.#waiting;
    if (entry === undefined) {
      this.#running--;
      return;
    }
    const [origin, queue] = entry;
    const waiter = queue.shift();
    this.#waiting.delete(origin);
    if (queue.length > 0) this.#waiting.set(origin, queue); // Behind the others.
    this.#count--;
    waiter?.admit();
  }

  #refuseLast(): void {
    let longest: [object, Waiter[]] | undefined;
    for (const entry of this.#waiting) {
      if (longest === undefined || entry[1].length > longest[1].length) longest = entry;
    }
    const last = longest?.[1].at(-1);
    if (longest !== undefined && last !== undefined && this.#remove(longest[0], last)) {
      last.refuse();
    }
  }

  #remove(origin: object, waiter: Waiter): boolean {
    const queue = this.#waiting.get(origin);
    const at = queue?.indexOf(waiter) ?? -1;
    if (queue === undefined || at < 0) return false;
    queue.splice(at, 1);
    if (queue.length === 0) this.#waiting.delete(origin);
    this.#count--;
    return true;
  }
}
