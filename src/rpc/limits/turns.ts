/** Work in one turn of the event loop, in units of an ordinary call. */
const UNITS_PER_TURN = 8;

/**
 * Lets everybody's work begin in turns, so that a client that begins a thousand calls at once delays those of others by
 * one turn of the event loop, not by all of them. Owned by Connections and by FairTurns, each with its own.
 */
export class Turns {
  readonly #waiting = new Set<() => number>();
  readonly #later: (run: () => void) => void;
  readonly #perTurn: number;
  #left: number;
  #scheduled = false;

  /**
   * @param later runs something in the next turn of the event loop
   * @param perTurn units of work in one turn
   */
  constructor(later: (run: () => void) => void = setImmediate, perTurn = UNITS_PER_TURN) {
    this.#later = later;
    this.#perTurn = this.#left = perTurn;
  }

  /** True if that many units may begin in this turn. Otherwise they must wait. */
  take(units: number): boolean {
    if (this.#left <= 0) return false;
    this.#left -= units;
    this.#schedule();
    return true;
  }

  /**
   * Calls `begin` in a later turn, when others that wait have had theirs; it returns the units that it used, 0 if none
   * are left to do.
   */
  wait(begin: () => number): void {
    this.#waiting.add(begin);
    this.#schedule();
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    this.#later(() => this.#turn());
  }

  #turn(): void {
    this.#scheduled = false;
    this.#left = this.#perTurn;
    // An owner that is added again at the end is visited again.
    for (const begin of this.#waiting) {
      if (this.#left <= 0) break;
      this.#waiting.delete(begin);
      const used = begin();
      this.#left -= used;
      if (used > 0) this.#waiting.add(begin); // Behind the others.
    }
    if (this.#waiting.size > 0) this.#schedule();
  }
}
