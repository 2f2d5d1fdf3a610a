import assert from "node:assert/strict";
import { afterNuls, firstNonNul, lineEnd, lineStart } from "../../../src/scan/lines.ts";

const bytes = new TextEncoder().encode("a\nbc\n\nd");

Deno.test("where lines end and begin", () => {
  assert.deepEqual([0, 1, 2, 5, 6, 7].map((from) => lineEnd(bytes, from, 7)), [1, 1, 4, 5, 7, 7]);
  assert.deepEqual([1, 4, 5, 7].map((end) => lineStart(bytes, 0, end)), [0, 2, 5, 6]);
  assert.equal(lineStart(bytes, 3, 4), 3, "the line begins before the bytes");
  assert.equal(lineStart(bytes, 4, 4), 4);
});

Deno.test("runs of NUL, short and long", () => {
  assert.equal(afterNuls(Uint8Array.of(0, 0, 1, 0), 0, 4), 2);
  assert.equal(afterNuls(Uint8Array.of(0, 0), 0, 2), 2);
  for (const length of [0, 1, 65_535, 65_536, 65_537, 200_000]) {
    const run = new Uint8Array(length + 2);
    run[length] = 7;
    assert.equal(firstNonNul(run), length);
    assert.equal(firstNonNul(run.subarray(0, length)), length);
  }
});
