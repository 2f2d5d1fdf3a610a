import type { Clock } from "../platform/clock.ts";

/** Counts events in time windows. Owned by its user. */
export class EventRate {
  readonly #clock: Clock;
  readonly #windowMs: number;
  #windowStart = -Infinity;
  #events = 0;
  #eventsBefore = 0;

  constructor(clock: Clock, windowMs: number) {
    this.#clock = clock;
    this.#windowMs = windowMs;
  }

  /** Counts an event. Returns how many there have been in this window, and how many in the previous one. */
  count(): { readonly current: number; readonly previous: number } {
    const now = this.#clock.now();
    const elapsed = now - this.#windowStart;
    if (elapsed > this.#windowMs) {
      this.#eventsBefore = elapsed > 2 * this.#windowMs ? 0 : this.#events;
      this.#windowStart = now;
      this.#events = 0;
    }
    return { current: ++this.#events, previous: this.#eventsBefore };
  }

  reset(): void {
    this.#events = 0;
    this.#eventsBefore = 0;
  }
}
