import { Turns } from "./turns.ts";

/** How many may begin in one turn of the event loop. */
const PER_TURN = 4;

/**
 * Lets the work of calls begin in turns of the event loop, with owners taking turns. A verdict that hundreds of calls
 * have waited for lets all of them continue at the same moment: each opens a log and reads a page, which takes a
 * millisecond or two, and nothing else would run until the last of them is done. Owned by Calls, which alone calls it.
 */
export class FairTurns {
  readonly #waiting = new Map<unknown, (() => void)[]>();
  readonly #turns: Turns;

  constructor(later?: (run: () => void) => void) {
    this.#turns = new Turns(later, PER_TURN);
  }

  /** Null: the owner's work may begin at once. Otherwise it may begin when the promise resolves. */
  enter(owner: unknown): Promise<void> | null {
    if (this.#waiting.size === 0 && this.#turns.take(1)) return null;
    const { promise, resolve } = Promise.withResolvers<void>();
    const ofOwner = this.#waiting.get(owner);
    if (ofOwner === undefined) {
      const begins = [resolve];
      this.#waiting.set(owner, begins);
      this.#turns.wait(() => this.#begin(owner, begins));
    } else ofOwner.push(resolve);
    return promise;
  }

  /** Lets work of the owner begin. Returns how many calls have begun. */
  #begin(owner: unknown, begins: (() => void)[]): number {
    const begin = begins.shift();
    if (begin === undefined) {
      this.#waiting.delete(owner);
      return 0;
    }
    begin();
    return 1;
  }
}
