import { runSequences } from "../integration/follow_sequence.ts";

/**
 * Random lives of a log against the model until the moment (of performance.now()) has come, or as many as are named.
 * Returns how many. Throws with the seed and the shortest sequence that fails.
 */
export function soakFollow(until: number, most = Infinity): Promise<number> {
  const first = crypto.getRandomValues(new Uint32Array(1))[0] ?? 0;
  for (let count = 0;; count++) {
    if (performance.now() >= until || count >= most) return Promise.resolve(count);
    runSequences(first + count, 1);
  }
}
