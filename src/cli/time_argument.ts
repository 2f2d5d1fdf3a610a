import { parseInstant } from "../scan/time_window.ts";
import { UsageError } from "./terminal.ts";

const unitMs: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
  w: 604_800_000,
};

const DURATION = /^(?:\d+(?:\.\d+)?(?:ms|s|m|h|d|w))+$/;
const DATE = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d(?:\.\d{1,9})?)?)?$/;

/** What --since and --until accept, for help texts. */
export const TIME_HELP = "a duration ago (90s, 5m, 1h30m, 2d), a date (2024-10-01), or a time " +
  "(2024-10-01T05:00:00Z; UTC where no offset is given)";

/**
 * Converts a person's notation of a time to RFC 3339. Accepts a duration ago, a date, a date and time, and RFC 3339. A
 * date stands for its first moment, in UTC like the times that are shown; for --until, for its last. Throws UsageError
 * naming the option.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { timeArgument } from "./time_argument.ts";
 *
 * const now = Date.parse("2024-10-01T05:10:00Z");
 * assert.equal(timeArgument("--since", "5m", now), "2024-10-01T05:05:00.000Z");
 * assert.equal(timeArgument("--since", "2024-10-01", now), "2024-10-01T00:00:00Z");
 * assert.equal(timeArgument("--until", "2024-10-01", now), "2024-10-01T23:59:59.999999999Z");
 * assert.equal(timeArgument("--since", "2024-10-01T07:00:00+02:00", now), "2024-10-01T07:00:00+02:00");
 * ```
 */
export function timeArgument(option: "--since" | "--until", text: string, nowMs: number): string {
  if (parseInstant(text) !== null) return text;
  const [, date, minutes, seconds = ":00"] = DATE.exec(text) ?? [];
  if (date !== undefined) {
    const last = option === "--until" ? "23:59:59.999999999" : "00:00:00";
    const time = `${date}T${minutes === undefined ? last : minutes + seconds}Z`;
    if (parseInstant(time) !== null) return time;
  }
  if (!DURATION.test(text)) {
    throw new UsageError(`Cannot read ${option} ${JSON.stringify(text)}: expected ${TIME_HELP}`);
  }
  let span = 0;
  for (const [, count, unit] of text.matchAll(/(\d+(?:\.\d+)?)(ms|s|m|h|d|w)/g)) {
    span += Number(count) * (unitMs[unit ?? ""] ?? Number.NaN);
  }
  const time = new Date(nowMs - span);
  if (Number.isNaN(time.getTime()) || time.getTime() < 0) {
    throw new UsageError(`Cannot read ${option} ${JSON.stringify(text)}: that is before 1970`);
  }
  return time.toISOString();
}
