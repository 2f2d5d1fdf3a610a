import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import {
  type ExaminedBeginning,
  type ExaminedText,
  examineInflated,
  type TextRange,
} from "../../../src/files/examined_text.ts";
import { InflatedBytes } from "../../../src/files/inflated_bytes.ts";
import { inMemory } from "../../../src/scan/byte_source.ts";
import { examineText } from "../../harness/examine.ts";
import { bytesOf, cri, docker, sourceOf } from "../../harness/log_text.ts";

/** A text, a range of it, the end of its whole lines, the nanoseconds of its first time, and the range's bytes. */
const table: readonly [string, string, TextRange | null, number, number | null, string | null][] = [
  ["whole lines", cri(1) + cri(2), null, cri(1).length * 2, 1, null],
  ["a last line without its end", cri(1) + "half", null, cri(1).length, 1, null],
  ["nothing", "", null, 0, null, null],
  ["NULs before the first line", `\0\0\0\0${docker(3)}`, null, docker(3).length + 4, 3, null],
  ["a range", cri(1) + cri(2), { from: 5, to: 9 }, cri(1).length * 2, 1, cri(1).slice(5, 9)],
  ["a range beyond the end", cri(1), { from: cri(1).length - 2, to: 900 }, cri(1).length, 1, "o\n"],
];

for (const [title, text, range, committed, nanos, bytes] of table) {
  Deno.test(`what is examined of a compressed text: ${title}`, () => {
    using inflated = new InflatedBytes(inMemory(gzipSync(text)));
    for (
      const found of [
        examineText(sourceOf(text), range),
        examineInflated(inflated, range, () => false),
      ]
    ) {
      assert(found !== null && isWhole(found));
      assert.equal(found.size, text.length);
      assert.equal(found.text.committed, committed);
      assert.equal(found.text.seen, text.length);
      assert.equal(found.fingerprint.time?.nanos ?? null, nanos);
      assert.deepEqual(found.bytes === null ? null : new TextDecoder().decode(found.bytes), bytes);
    }
  });
}

function isWhole(found: ExaminedBeginning): found is ExaminedText {
  return "text" in found;
}

Deno.test("a text that takes too long is examined in several calls with the same result", () => {
  const text = Array.from({ length: 60_000 }, (_, i) => cri(i, String(Math.sin(i)))).join("");
  using inflated = new InflatedBytes(inMemory(gzipSync(text, { level: 1 })));
  let calls = 0;
  let found = null;
  while (found === null) {
    let asked = 0;
    found = examineInflated(inflated, null, () => ++asked > 3);
    calls++;
  }
  assert(calls > 2, `${calls} calls`);
  assert.deepEqual(found, examineText(inMemory(bytesOf(text)), null));
});

Deno.test("to learn how a text begins, only its beginning is inflated", () => {
  const text = cri(1) + "x".repeat(50 * 2 ** 20);
  using inflated = new InflatedBytes(inMemory(gzipSync(text, { level: 1 })));
  let asked = 0;
  const found = examineInflated(inflated, "beginning", () => {
    asked++;
    return false;
  });
  assert.equal(found?.fingerprint.time?.nanos, 1);
  assert(asked < 5, `asked ${asked} times whether to pause`);
});

Deno.test("a compressed text that ends in NULs was inflated again and again for its last line: once, and windows around its lines", () => {
  const text = Buffer.concat([bytesOf(cri(1) + cri(2)), new Uint8Array(64 << 20)]);
  const file = inMemory(gzipSync(text));
  let read = 0;
  const counted = {
    size: file.size,
    readAt(offset: number, into: Uint8Array) {
      const count = file.readAt(offset, into);
      read += count;
      return count;
    },
  };
  using bytes = new InflatedBytes(counted);
  const examined = examineInflated(bytes, null, () => false);
  assert.ok(examined !== null && "text" in examined);
  assert.equal(examined.size, text.length);
  assert.equal(examined.text.committed, cri(1).length * 2);
  assert.equal(examined.text.seen, text.length);
  assert.ok(read < 1.5 * file.size, `${read} of ${file.size} bytes read`);
});
