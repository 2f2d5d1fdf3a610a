import assert from "node:assert/strict";
import { moment } from "../../../src/cli/moment.ts";
import { UsageError } from "../../../src/cli/terminal.ts";

const now = Date.parse("2024-10-01T06:00:00Z");

for (
  const [text, expected] of [
    ["2024-10-01T05:00:00Z", "2024-10-01T05:00:00Z"],
    ["2024-10-01T05:00:00.123456789+02:00", "2024-10-01T05:00:00.123456789+02:00"],
    ["5m", "2024-10-01T05:55:00.000Z"],
    ["1h30m", "2024-10-01T04:30:00.000Z"],
    ["2d", "2024-09-29T06:00:00.000Z"],
    ["1.5s", "2024-10-01T05:59:58.500Z"],
    ["250ms", "2024-10-01T05:59:59.750Z"],
    ["0s", "2024-10-01T06:00:00.000Z"],
  ] as const
) {
  Deno.test(`a moment is read: ${text}`, () => {
    assert.equal(moment("--since", text, now), expected);
  });
}

for (const text of ["", "5", "5 m", "-5m", "yesterday", "2024-10-01", "5x", "m5", "99999999d"]) {
  Deno.test(`no moment, and the option is named: ${JSON.stringify(text)}`, () => {
    assert.throws(
      () => moment("--until", text, now),
      (error) =>
        error instanceof UsageError && error.message.includes(`--until ${JSON.stringify(text)}`),
    );
  });
}
