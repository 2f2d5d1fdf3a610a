import type { Clock } from "../platform/clock.ts";

const MIN_WAIT_MS = 5;

/** One timer for the first thing that is due. Owned by the FollowedLog, which alone calls it. */
export class Deadline {
  readonly #clock: Clock;
  readonly #onDue: () => void;
  #next: { readonly at: number; readonly cancel: () => void } | null = null;

  constructor(clock: Clock, onDue: () => void) {
    this.#clock = clock;
    this.#onDue = onDue;
  }

  /** Calls back at the given moment of the clock, or at an earlier one that was set before. Infinity sets nothing. */
  set(at: number): void {
    if (at === Infinity || (this.#next !== null && this.#next.at <= at)) return;
    this.cancel();
    const cancel = this.#clock.after(Math.max(MIN_WAIT_MS, at - this.#clock.now()), () => {
      this.#next = null;
      this.#onDue();
    });
    this.#next = { at, cancel };
  }

  cancel(): void {
    this.#next?.cancel();
    this.#next = null;
  }
}
