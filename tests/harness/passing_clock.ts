import { ManualClock } from "./manual_clock.ts";

/** A clock by which each look at it takes some time: whoever checks the time between two steps soon has none left. */
export class PassingClock extends ManualClock {
  readonly #perLookMs: number;

  constructor(perLookMs: number) {
    super();
    this.#perLookMs = perLookMs;
  }

  override now(): number {
    this.skip(this.#perLookMs);
    return super.now();
  }
}
