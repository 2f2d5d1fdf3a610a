/** The clock of code that waits; tests pass their own, so no test sleeps. */
export interface Clock {
  /** Milliseconds since some moment; never goes back. */
  now(): number;
  /** Calls back once, in ms milliseconds, at most LONGEST_TIMER_MS; returns a function that cancels the call. */
  after(ms: number, callback: () => void): () => void;
}

/** setTimeout's longest delay; it treats a longer one as 1 ms. */
export const LONGEST_TIMER_MS = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};

/**
 * Resolves after the milliseconds by the clock (Infinity: never), immediately if they are not positive, or when the
 * signal fires.
 */
export async function sleep(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  const end = clock.now() + ms;
  while (!signal.aborted) {
    const left = end - clock.now();
    if (left <= 0) return;
    await timer(clock, Math.min(Math.ceil(left), LONGEST_TIMER_MS), signal);
  }
}

function timer(clock: Clock, ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      cancel();
      signal.removeEventListener("abort", done);
      resolve();
    };
    const cancel = clock.after(ms, done);
    signal.addEventListener("abort", done, { once: true });
  });
}
