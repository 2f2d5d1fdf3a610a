/**
 * Amounts of the last minutes, in slots of a few seconds. Needs no timer: the clock determines the slot. Owned by the
 * metrics.
 */
export class Throughput {
  readonly #slotMs: number;
  readonly #slots: Float64Array;
  readonly #now: () => number;
  /** Number of the newest slot, counted from the epoch. */
  #newest: number;

  /** @param options.now milliseconds of a clock that never goes back */
  constructor(
    options: { readonly slotMs: number; readonly slots: number; readonly now: () => number },
  ) {
    this.#slotMs = options.slotMs;
    this.#slots = new Float64Array(options.slots);
    this.#now = options.now;
    this.#newest = this.#slotNow();
  }

  add(amount: number): void {
    this.#advance();
    const index = this.#newest % this.#slots.length;
    this.#slots[index] = (this.#slots[index] ?? 0) + amount;
  }

  /** Amount per second in each slot, oldest first; the last one is still filling. */
  perSecond(): number[] {
    this.#advance();
    const rates: number[] = [];
    for (let back = this.#slots.length - 1; back >= 0; back--) {
      const slot = this.#newest - back;
      const amount = slot < 0 ? 0 : this.#slots[slot % this.#slots.length] ?? 0;
      rates.push(amount * 1000 / this.#slotMs);
    }
    return rates;
  }

  #slotNow(): number {
    return Math.floor(this.#now() / this.#slotMs);
  }

  /** Empties the slots that have passed since the last call. */
  #advance(): void {
    const current = this.#slotNow();
    const passed = Math.min(current - this.#newest, this.#slots.length);
    for (let back = 0; back < passed; back++) {
      this.#slots[(current - back) % this.#slots.length] = 0;
    }
    this.#newest = Math.max(current, this.#newest);
  }
}
