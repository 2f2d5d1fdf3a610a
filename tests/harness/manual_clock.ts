import type { Clock } from "../../src/files/clock.ts";

/** Time that passes only when a test says so. */
export class ManualClock implements Clock {
  #now = 0;
  #timers: { at: number; callback: () => void }[] = [];

  now(): number {
    return this.#now;
  }

  after(ms: number, callback: () => void): () => void {
    const timer = { at: this.#now + ms, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** How many timers run. */
  get timers(): number {
    return this.#timers.length;
  }

  /** Lets so many milliseconds pass before any timer can fire, as on a busy machine. */
  skip(ms: number): void {
    this.#now += ms;
  }

  /** Lets so many milliseconds pass, and every timer fire at its moment. */
  advance(ms: number): void {
    const end = this.#now + ms;
    for (;;) {
      const next = this.#timers.filter((timer) => timer.at <= end)
        .reduce<{ at: number; callback: () => void } | null>(
          (a, b) => a === null || b.at < a.at ? b : a,
          null,
        );
      if (next === null) break;
      this.#timers = this.#timers.filter((timer) => timer !== next);
      this.#now = Math.max(this.#now, next.at);
      next.callback();
    }
    this.#now = end;
  }
}
