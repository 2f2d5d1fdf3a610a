import type { ByteSource } from "./byte_source.ts";
import type { LogFormat } from "./format.ts";
import { compareInstants, type Instant } from "./instant.ts";
import { DISORDER_SECONDS } from "./probe_order.ts";
import type { Breathe, SearchRange } from "./source_window.ts";
import { TimeBisection } from "./time_bisection.ts";

/**
 * An offset before which no line of the range has a time at or after `start`, close to the first line that has one.
 * Bisects: the number of probes is the logarithm of the range. If the probes show that the lines are out of order by
 * more than a second, it returns the beginning of the range.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { Buffer } from "node:buffer";
 * import { windowStart } from "./time_search.ts";
 *
 * const bytes = Buffer.from(
 *   "2024-10-01T05:00:01Z stdout F one\n2024-10-01T05:00:09Z stdout F two\n",
 * );
 * const readAt = (offset: number, into: Uint8Array) => bytes.copy(into, 0, offset);
 * const source = { size: bytes.length, readAt };
 * const range = { from: 0, to: bytes.length };
 * const start = { seconds: Date.parse("2024-10-01T05:00:08Z") / 1000, nanos: 0 };
 * assert.equal(await windowStart(source, "cri", start, range, () => null), 34);
 * ```
 */
export async function windowStart(
  source: ByteSource,
  format: LogFormat,
  start: Instant,
  range: SearchRange,
  breathe: Breathe,
): Promise<number> {
  const from = { seconds: start.seconds - DISORDER_SECONDS, nanos: start.nanos };
  const search = new TimeBisection(source, format, range, breathe);
  return await search.firstLine((line) => compareInstants(line, from) >= 0) ?? range.from;
}

/**
 * The end of the last final line in the range with a time at or before `stop`, which is where a window with this end
 * ends. range.from if there is none.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { Buffer } from "node:buffer";
 * import { windowEnd } from "./time_search.ts";
 *
 * const bytes = Buffer.from(
 *   "2024-10-01T05:00:01Z stdout F one\n2024-10-01T05:00:09Z stdout F two\n",
 * );
 * const readAt = (offset: number, into: Uint8Array) => bytes.copy(into, 0, offset);
 * const source = { size: bytes.length, readAt };
 * const range = { from: 0, to: bytes.length };
 * const stop = { seconds: Date.parse("2024-10-01T05:00:04Z") / 1000, nanos: 0 };
 * assert.equal(await windowEnd(source, "cri", stop, range, () => null), 34);
 * ```
 */
export async function windowEnd(
  source: ByteSource,
  format: LogFormat,
  stop: Instant,
  range: SearchRange,
  breathe: Breathe,
): Promise<number> {
  const after = { seconds: stop.seconds + DISORDER_SECONDS, nanos: stop.nanos };
  const search = new TimeBisection(source, format, range, breathe);
  const before = await search.firstLine((line) => compareInstants(line, after) > 0) ?? range.to;
  return await search.lastFinalEnd(before, (line) => compareInstants(line, stop) <= 0);
}

/**
 * Whether any line of the range is later than `stop`.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { Buffer } from "node:buffer";
 * import { hasLaterLine } from "./time_search.ts";
 *
 * const bytes = Buffer.from(
 *   "2024-10-01T05:00:01Z stdout F one\n2024-10-01T05:00:09Z stdout F two\n",
 * );
 * const readAt = (offset: number, into: Uint8Array) => bytes.copy(into, 0, offset);
 * const source = { size: bytes.length, readAt };
 * const range = { from: 0, to: bytes.length };
 * const stop = { seconds: Date.parse("2024-10-01T05:00:09Z") / 1000, nanos: 0 };
 * assert.equal(await hasLaterLine(source, "cri", stop, range, () => null), false);
 * ```
 */
export async function hasLaterLine(
  source: ByteSource,
  format: LogFormat,
  stop: Instant,
  range: SearchRange,
  breathe: Breathe,
): Promise<boolean> {
  const search = new TimeBisection(source, format, range, breathe);
  const first = await search.firstLine((line) => compareInstants(line, stop) > 0);
  return first === null || first < range.to;
}

/**
 * The time of the first line of the range that has one; null: none has.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { Buffer } from "node:buffer";
 * import { firstTime } from "./time_search.ts";
 *
 * const bytes = Buffer.from(
 *   "2024-10-01T05:00:01Z stdout F one\n2024-10-01T05:00:09Z stdout F two\n",
 * );
 * const readAt = (offset: number, into: Uint8Array) => bytes.copy(into, 0, offset);
 * const source = { size: bytes.length, readAt };
 * const range = { from: 0, to: bytes.length };
 * const time = await firstTime(source, "cri", range, () => null);
 * assert.equal(time?.seconds, Date.parse("2024-10-01T05:00:01Z") / 1000);
 * ```
 */
export async function firstTime(
  source: ByteSource,
  format: LogFormat,
  range: SearchRange,
  breathe: Breathe,
): Promise<Instant | null> {
  const search = new TimeBisection(source, format, range, breathe);
  return await search.head();
}
