import type { Clock } from "./clock.ts";

/** Timers of one owner, at most one per name. Owned by the code that waits for them, which cancels them. */
export class NamedTimers<Name extends string> {
  readonly #clock: Clock;
  readonly #cancels = new Map<Name, () => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Calls back once, in ms milliseconds. If a timer of that name is running, it is kept unchanged. */
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
