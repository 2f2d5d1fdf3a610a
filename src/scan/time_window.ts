import type { ByteSource } from "./byte_source.ts";
import { compareInstants, type Instant } from "./instant.ts";
import { TimeReader } from "./rfc3339.ts";

export type { ByteSource };

/** Both ends inclusive; null: open. */
export interface TimeWindow {
  readonly start: Instant | null;
  readonly stop: Instant | null;
}

/**
 * Parses an RFC 3339 time with an optional fraction and any offset. Null: invalid.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { parseInstant } from "./time_window.ts";
 *
 * assert.deepEqual(parseInstant("1970-01-01T01:00:01.5+01:00"), { seconds: 1, nanos: 500_000_000 });
 * assert.equal(parseInstant("yesterday"), null);
 * ```
 */
export function parseInstant(text: string): Instant | null {
  const bytes = new TextEncoder().encode(text);
  const reader = new TimeReader();
  if (reader.read(bytes, 0, bytes.length) !== bytes.length) return null;
  return { seconds: reader.seconds, nanos: reader.nanos };
}

/**
 * Whether the time lies in the window.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { isInWindow } from "./time_window.ts";
 *
 * const window = { start: { seconds: 5, nanos: 0 }, stop: null };
 * assert.ok(isInWindow({ seconds: 5, nanos: 0 }, window));
 * assert.ok(!isInWindow({ seconds: 4, nanos: 999_999_999 }, window));
 * ```
 */
export function isInWindow(time: Instant, { start, stop }: TimeWindow): boolean {
  return (start === null || compareInstants(time, start) >= 0) &&
    (stop === null || compareInstants(time, stop) <= 0);
}
