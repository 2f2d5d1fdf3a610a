/** A moment in time with nanoseconds: whole seconds since the epoch (may be negative) and 0..999,999,999 nanoseconds. */
export interface Instant {
  readonly seconds: number;
  readonly nanos: number;
}

/**
 * Negative if a is earlier than b, 0 if they are the same moment.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { compareInstants } from "./instant.ts";
 *
 * assert.ok(compareInstants({ seconds: 1, nanos: 5 }, { seconds: 2, nanos: 0 }) < 0);
 * ```
 */
export function compareInstants(a: Instant, b: Instant): number {
  return a.seconds - b.seconds || a.nanos - b.nanos;
}
