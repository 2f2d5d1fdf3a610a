import assert from "node:assert/strict";
import { timeArgument } from "../../../src/cli/time_argument.ts";
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
    ["1w", "2024-09-24T06:00:00.000Z"],
    ["2024-09-30", "2024-09-30T00:00:00Z"],
    ["2024-09-30 05:00", "2024-09-30T05:00:00Z"],
    ["2024-09-30T05:00:01.5", "2024-09-30T05:00:01.5Z"],
    ["0s", "2024-10-01T06:00:00.000Z"],
  ] as const
) {
  Deno.test(`a time is read: ${text}`, () => {
    assert.equal(timeArgument("--since", text, now), expected);
  });
}

for (
  const text of [
    "",
    "5",
    "5 m",
    "-5m",
    "yesterday",
    "2024-13-01",
    "2024-10-01T5",
    "5x",
    "m5",
    "99999999d",
  ]
) {
  Deno.test(`not a time, and the option is named: ${JSON.stringify(text)}`, () => {
    assert.throws(
      () => timeArgument("--until", text, now),
      (error) =>
        error instanceof UsageError && error.message.includes(`--until ${JSON.stringify(text)}`),
    );
  });
}

Deno.test("--until a date includes that whole day", () => {
  assert.equal(timeArgument("--until", "2024-10-01", now), "2024-10-01T23:59:59.999999999Z");
  assert.equal(timeArgument("--until", "2024-10-01 05:00", now), "2024-10-01T05:00:00Z");
});
