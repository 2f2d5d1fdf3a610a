/** Time as those who wait see it; tests bring their own, so that no test sleeps. */
export interface Clock {
  /** Milliseconds, never going back. */
  now(): number;
  /** Calls back once, in ms milliseconds; returns how to call it off. */
  after(ms: number, callback: () => void): () => void;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  after(ms, callback) {
    const timer = setTimeout(callback, ms);
    return () => clearTimeout(timer);
  },
};
