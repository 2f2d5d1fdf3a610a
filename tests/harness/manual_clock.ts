import type { Clock } from "../../src/platform/clock.ts";

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

  /** How many timers are running. */
  get timers(): number {
    return this.#timers.length;
  }

  /** Lets the milliseconds pass before any timer can fire, as on a busy machine. */
  skip(ms: number): void {
    this.#now += ms;
  }

  /** Lets the milliseconds pass, with every timer firing at its time. */
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
    this.#now = Math.max(this.#now, end); // A callback may have skipped some.
  }

  /** The same, but everything that follows from a timer is done before the next one fires. */
  async pass(ms: number): Promise<void> {
    const end = this.#now + ms;
    await idle();
    for (;;) {
      const at = Math.min(...this.#timers.map((timer) => timer.at));
      if (at > end) break;
      this.advance(Math.max(0, at - this.#now));
      await idle();
    }
    this.advance(end - this.#now);
    await idle();
  }
}

/** Resolves when every promise that can be settled without time or I/O has been settled. */
export function idle(): Promise<void> {
  return new Promise((resolve) => {
    // A macrotask comes after all microtasks.
    const { port1, port2 } = new MessageChannel();
    port2.onmessage = () => {
      port1.close();
      port2.close();
      resolve();
    };
    port1.postMessage(null);
  });
}
