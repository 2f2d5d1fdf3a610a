import { ManualClock } from "./manual_clock.ts";

/** A clock on which each reading takes some time: code that checks the time between two steps soon runs out of it. */
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
