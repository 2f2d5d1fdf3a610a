import type { Clock } from "./clock.ts";

/** Timers of one owner, at most one for each name. Owned by whoever waits for them, who cancels them. */
export class NamedTimers<Name extends string> {
  readonly #clock: Clock;
  readonly #cancels = new Map<Name, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls back once, in ms milliseconds. Where a timer of that name runs, that one is kept, as it is. */
  schedule(name: Name, ms: number, run: () => void): void {
    if (this.#cancels.has(name)) return;
    const cancel = this.#clock.after(ms, () => {
      this.#cancels.delete(name);
      run();
    });
    this.#cancels.set(name, cancel);
  }

  /** Idempotent. */
  cancel(name: Name): void {
    this.#cancels.get(name)?.();
    this.#cancels.delete(name);
  }

  cancelAll(): void {
    for (const name of [...this.#cancels.keys()]) this.cancel(name);
  }
}
