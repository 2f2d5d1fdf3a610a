/** The clock of authorization; tests bring their own. */
export interface Clock {
  /** Milliseconds since some moment; never goes back. */
  now(): number;
  /** Resolves after the milliseconds (Infinity: never), at once where they are not positive, or when the signal fires. */
  sleep(milliseconds: number, signal: AbortSignal): Promise<void>;
}

/** setTimeout's longest delay; it takes a longer one for 1 ms. */
const LONGEST_TIMER = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  async sleep(milliseconds, signal) {
    const end = performance.now() + milliseconds;
    while (!signal.aborted) {
      const left = end - performance.now();
      if (left <= 0) return;
      await timer(Math.min(Math.ceil(left), LONGEST_TIMER), signal);
    }
  },
};

function timer(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(id);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const id = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done, { once: true });
  });
}
