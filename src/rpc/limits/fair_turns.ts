/** How many may begin in one turn of the event loop. */
const PER_TURN = 4;

/**
 * Lets the work of calls begin in turns of the event loop, owners one after another. A verdict that hundreds of calls
 * have waited for lets all of them go on at the same moment: each opens a log and reads a page, a millisecond or two,
 * and nothing else would run until the last of them has done so. Owned by Calls, which alone calls it.
 */
export class FairTurns {
  /** By owner; the owner whose turn is next comes first. */
  readonly #waiting = new Map<unknown, (() => void)[]>();
  readonly #later: (run: () => void) => void;
  #left = PER_TURN;
  #isScheduled = false;

  constructor(later: (run: () => void) => void = setImmediate) {
    this.#later = later;
  }

  /** Null: the owner's work may begin at once. Otherwise it may when the promise resolves. */
  enter(owner: unknown): Promise<void> | null {
    this.#schedule();
    if (this.#waiting.size === 0 && this.#left > 0) {
      this.#left--;
      return null;
    }
    const { promise, resolve } = Promise.withResolvers<void>();
    const ofOwner = this.#waiting.get(owner) ?? [];
    ofOwner.push(resolve);
    this.#waiting.set(owner, ofOwner);
    return promise;
  }

  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    this.#later(() => this.#turn());
  }

  #turn(): void {
    this.#isScheduled = false;
    this.#left = PER_TURN;
    // Who is added again behind the others is met again.
    for (const [owner, waiting] of this.#waiting) {
      if (this.#left === 0) break;
      this.#left--;
      this.#waiting.delete(owner);
      const begin = waiting.shift();
      if (waiting.length > 0) this.#waiting.set(owner, waiting);
      begin?.();
    }
    if (this.#left < PER_TURN) this.#schedule();
  }
}
