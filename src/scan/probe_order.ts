import { compareInstants, type Instant } from "./instant.ts";

/** By how many seconds lines may be out of order: stdout and stderr are stamped separately. */
export const DISORDER_SECONDS = 1;

/**
 * Whether `a` is earlier than `b` by more than lines may be out of order.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { isBehind } from "./probe_order.ts";
 *
 * const at = (seconds: number) => ({ seconds, nanos: 0 });
 * assert.ok(isBehind(at(3), at(5)));
 * assert.ok(!isBehind(at(4), at(5)));
 * ```
 */
export function isBehind(a: Instant, b: Instant): boolean {
  return compareInstants({ seconds: a.seconds + DISORDER_SECONDS, nanos: a.nanos }, b) < 0;
}

/**
 * Checks whether the results of the probes of one bisection agree with ordered lines. Failing probes come from left to
 * right, passing ones from right to left. Owned by one TimeBisection.
 */
export class ProbeOrder {
  #failed: Instant | null = null;
  #passed: Instant | null = null;
  #first: Instant | null = null;

  /** False: this probe contradicts earlier ones. */
  add(time: Instant, passes: boolean): boolean {
    if (this.#first === null) {
      this.#first = time;
      if (!passes) this.#failed = time;
      return true;
    }
    if (isBehind(time, this.#first)) return false;
    if (passes) {
      if (this.#passed !== null && isBehind(this.#passed, time)) return false;
      this.#passed = time;
    } else {
      if (this.#failed !== null && isBehind(time, this.#failed)) return false;
      this.#failed = time;
    }
    return true;
  }
}
