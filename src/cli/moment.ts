import { parseInstant } from "../scan/time_window.ts";
import { UsageError } from "./terminal.ts";

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/**
 * What a person writes for a moment, as RFC 3339: either that already, or how long ago, as 90s, 5m, 1h30m or 2d.
 * Throws UsageError naming the option.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { moment } from "./moment.ts";
 *
 * const now = Date.parse("2024-10-01T05:10:00Z");
 * assert.equal(moment("--since", "5m", now), "2024-10-01T05:05:00.000Z");
 * assert.equal(moment("--since", "2024-10-01T07:00:00+02:00", now), "2024-10-01T07:00:00+02:00");
 * ```
 */
export function moment(option: string, text: string, nowMs: number): string {
  if (parseInstant(text) !== null) return text;
  if (!/^(\d+(\.\d+)?(ms|s|m|h|d))+$/.test(text)) {
    throw new UsageError(
      `Cannot read ${option} ${JSON.stringify(text)}: ` +
        "neither a time as 2024-10-01T05:00:00Z nor a span as 90s, 5m, 1h30m or 2d",
    );
  }
  let span = 0;
  for (const [, count, , unit] of text.matchAll(/(\d+(\.\d+)?)(ms|s|m|h|d)/g)) {
    span += Number(count) * (unitMs[unit ?? ""] ?? Number.NaN);
  }
  const time = new Date(nowMs - span);
  if (Number.isNaN(time.getTime()) || time.getTime() < 0) {
    throw new UsageError(`Cannot read ${option} ${JSON.stringify(text)}: that is before 1970`);
  }
  return time.toISOString();
}
