import assert from "node:assert/strict";
import { duration, size } from "../../../src/config/number_types.ts";
import { RawText } from "../../../src/config/value_type.ts";

Deno.test("durations: every unit, sums, fractions, and written durations read back the same", () => {
  const type = duration({ min: "0s", max: "24h" });
  const cases: [string, number][] = [
    ["500ms", 500],
    ["30s", 30_000],
    ["5m", 300_000],
    ["1h", 3_600_000],
    ["1h30m", 5_400_000],
    ["1m0.5s", 60_500],
    ["1.5h", 5_400_000],
    ["0", 0],
    ["0s", 0],
  ];
  for (const [text, milliseconds] of cases) {
    assert.equal(type.read(text), milliseconds, text);
    assert.equal(type.read(new RawText(text, "option")), milliseconds, text);
    assert.equal(type.read(type.write(milliseconds)), milliseconds, text);
  }
  for (const text of ["", "5", "s", "5 s", "5S", "1h-3m", "1e3s", "٣s", "5d", "25h", "1s\n"]) {
    assert.throws(() => type.read(text), { name: "TypeMismatch" }, JSON.stringify(text));
  }
  for (const value of [5, null, true, {}, []]) assert.throws(() => type.read(value));
});

Deno.test("sizes are read with and without units, decimal and binary ones", () => {
  const type = size({ min: 1, max: 3_000_000_000 });
  const cases: [unknown, number][] = [
    [17, 17],
    ["17", 17],
    ["17B", 17],
    ["2kB", 2000],
    ["2KB", 2000],
    ["2KiB", 2048],
    ["2Ki", 2048],
    ["1.5MiB", 1_572_864],
    ["2 MB", 2_000_000],
    ["1GiB", 1_073_741_824],
    [new RawText("2MiB", "environment"), 2_097_152],
  ];
  for (const [value, bytes] of cases) {
    assert.equal(type.read(value), bytes);
    assert.equal(type.read(type.write(bytes)), bytes);
  }
  for (const value of [0, -1, 1.5, "0", "1.3B", "2mb", "KiB", "2TiB", "4GB", "", null, true]) {
    assert.throws(() => type.read(value), { name: "TypeMismatch" }, String(value));
  }
});
