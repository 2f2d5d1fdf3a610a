import assert from "node:assert/strict";
import {
  characterStart,
  isAscii,
  recordEnd,
  repairUtf8,
  trimmedEnd,
  wholeCharacters,
} from "../../../src/scan/text.ts";
import { Random, runSeed } from "../../harness/random.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function bytesOf(...parts: readonly (string | number)[]): Uint8Array {
  return Uint8Array.from(
    parts.flatMap((part) => typeof part === "number" ? [part] : [...encoder.encode(part)]),
  );
}

Deno.test("trailing white space is what Unicode calls White_Space", () => {
  const spaces = /\p{White_Space}/u;
  for (let point = 0; point <= 0x3100; point++) {
    const text = encoder.encode(`x${String.fromCodePoint(point)}`);
    const expected = spaces.test(String.fromCodePoint(point)) ? 1 : text.length;
    assert.equal(trimmedEnd(text, 0, text.length), expected, `U+${point.toString(16)}`);
  }
  const all = bytesOf("\t \u2028\u00a0\r");
  assert.equal(trimmedEnd(all, 0, all.length), 0);
});

Deno.test("invalid UTF-8 becomes U+FFFD, one for each maximal part", () => {
  assert.equal(decoder.decode(repairUtf8(bytesOf("a", 0xe2, 0x82, "b", 0xff))), "a\ufffdb\ufffd");
  assert.equal(decoder.decode(repairUtf8(encoder.encode("\ufeffé"))).length, 1);
});

Deno.test("ASCII and whole characters", () => {
  const text = bytesOf("aé", 0xf0, 0x9f);
  assert.ok(isAscii(text, 0, 1));
  assert.ok(!isAscii(text, 0, 2));
  assert.equal(wholeCharacters(text, 0, text.length), 3);
  assert.equal(wholeCharacters(text, 0, 3), 3);
  assert.equal(wholeCharacters(text, 3, 5), 5, "nothing else would be left");
});

Deno.test("one byte above ASCII is seen at every place of short and long texts", () => {
  for (const length of [1, 255, 256, 257, 1000]) {
    const text = new Uint8Array(length + 2).fill(0x61);
    text[0] = text[length + 1] = 0x80; // Outside.
    assert.ok(isAscii(text, 1, length + 1), `${length} bytes`);
    for (const at of [1, length >> 1 || 1, length]) {
      text[at] = 0x80;
      assert.ok(!isAscii(text, 1, length + 1), `${length} bytes, one at ${at}`);
      text[at] = 0x61;
    }
  }
});

Deno.test("a cut is at a character's start, and never before the first character's end", () => {
  const text = encoder.encode("é😀");
  assert.deepEqual([1, 2, 3, 5, 6].map((at) => characterStart(text, 0, at)), [2, 2, 2, 2, 6]);
});

Deno.test("a record holds as many bytes of repaired text as fit: random text against a reference", () => {
  const seed = runSeed();
  const random = new Random(seed);
  for (let round = 0; round < 2000; round++) {
    const text = bytesOf(
      ...Array.from(
        { length: random.between(1, 12) },
        () => random.pick<string | number>(["a", "é", "€", "😀", 0x80, 0xe2, 0xf0, 0xff]),
      ),
    );
    const max = random.between(1, 12);
    const end = recordEnd(text, 0, text.length, max);
    const record = repairUtf8(text.subarray(0, end));
    const whole = decoder.decode(text);
    const shown = `seed ${seed}: ${[...text]} max ${max}`;
    const head = decoder.decode(record);
    assert.ok(whole.startsWith(head), `${shown}: the cut splits a character`);
    assert.ok(record.length <= max || [...head].length === 1, `${shown}: too long`);
    if (end < text.length) {
      const next = [...whole].slice(0, [...head].length + 1).join("");
      assert.ok(encoder.encode(next).length > max, `${shown}: one more would fit`);
    }
  }
});
