import assert from "node:assert/strict";
import type { Instant } from "../../../src/scan/instant.ts";
import { isInWindow, parseInstant } from "../../../src/scan/time_window.ts";
import { referenceTime } from "./reference.ts";

Deno.test("both ends of a window are in it", () => {
  const start = { seconds: 1, nanos: 5 };
  const stop = { seconds: 2, nanos: 7 };
  const cases: [Instant, boolean][] = [
    [{ seconds: 1, nanos: 4 }, false],
    [start, true],
    [stop, true],
    [{ seconds: 2, nanos: 8 }, false],
  ];
  for (const [time, expected] of cases) assert.equal(isInWindow(time, { start, stop }), expected);
  assert.equal(isInWindow({ seconds: -9, nanos: 0 }, { start: null, stop }), true);
  assert.equal(isInWindow({ seconds: 9, nanos: 0 }, { start, stop: null }), true);
});

Deno.test("RFC 3339 times are read with their nanoseconds, and only those", () => {
  const cases: [string, Instant | null][] = [
    ["2024-10-01T05:40:46Z", { seconds: 1727761246, nanos: 0 }],
    ["2024-10-01T05:40:46.960135302Z", { seconds: 1727761246, nanos: 960135302 }],
    ["2024-10-01T05:40:46.5Z", { seconds: 1727761246, nanos: 500_000_000 }],
    ["2024-10-01T05:40:46.1234567899Z", { seconds: 1727761246, nanos: 123456789 }],
    ["2024-10-01T07:40:46+02:00", { seconds: 1727761246, nanos: 0 }],
    ["2024-09-30T22:40:46-07:00", { seconds: 1727761246, nanos: 0 }],
    ["2024-10-01t05:40:46z", { seconds: 1727761246, nanos: 0 }],
    ["2024-02-29T00:00:00Z", { seconds: 1709164800, nanos: 0 }],
    ["2000-02-29T00:00:00Z", { seconds: 951782400, nanos: 0 }],
    ["1969-12-31T23:59:59.25Z", { seconds: -1, nanos: 250_000_000 }],
    ["0001-01-01T00:00:00Z", { seconds: -62135596800, nanos: 0 }],
    ["9999-12-31T23:59:59.999999999Z", { seconds: 253402300799, nanos: 999999999 }],
    ["0001-01-01T00:00:00+01:00", null],
    ["0000-12-31T23:59:59Z", null],
    ["9999-12-31T23:59:59-01:00", null],
    ["1900-02-29T00:00:00Z", null],
    ["2024-13-01T00:00:00Z", null],
    ["2024-04-31T00:00:00Z", null],
    ["2024-10-01T24:00:00Z", null],
    ["2024-10-01T05:40:60Z", null],
    ["2024-10-01T05:40:46", null],
    ["2024-10-01T05:40:46.Z", null],
    ["2024-10-01T05:40:46,5Z", null],
    ["2024-10-01 05:40:46Z", null],
    ["2024-10-01T05:40:46+0200", null],
    ["2024-10-01T05:40:46+02:60", null],
    ["2024-10-01T05:40:46Zx", null],
    [" 2024-10-01T05:40:46Z", null],
    ["1727761246", null],
    ["", null],
    ["２024-10-01T05:40:46Z", null],
  ];
  for (const [text, expected] of cases) {
    assert.deepEqual(parseInstant(text), expected, text);
    const reference = referenceTime(text);
    assert.deepEqual(
      reference && { seconds: Number(reference.seconds), nanos: reference.nanos },
      expected,
      text,
    );
  }
});
