import assert from "node:assert/strict";
import { readWholeLines } from "../../../src/files/whole_lines.ts";
import type { ByteSource } from "../../../src/scan/time_window.ts";

function source(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    readAt(offset, into) {
      const part = bytes.subarray(offset, offset + into.length);
      into.set(part);
      return part.length;
    },
  };
}

const encode = (text: string) => new TextEncoder().encode(text);

Deno.test("lines that begin in the range are read whole", () => {
  const text = "one\ntwo\nthree\nfour";
  const cases: [number, number, string][] = [
    [0, 18, text],
    [0, 4, "one\n"],
    [0, 1, "one\n"],
    [1, 4, ""],
    [1, 5, "two\n"],
    [4, 5, "two\n"],
    [5, 9, "three\n"],
    [13, 14, ""],
    [13, 15, "four"],
    [14, 18, "four"],
    [15, 18, ""],
  ];
  for (const [from, to, expected] of cases) {
    const scratch = { bytes: new Uint8Array(0) };
    const lines = readWholeLines(source(encode(text)), { from, to, end: 18, first: 0 }, scratch);
    const got = new TextDecoder().decode(scratch.bytes.subarray(0, lines.length));
    assert.equal(got, expected, `[${from}, ${to})`);
    assert.equal(lines.short, false);
    if (lines.length > 0) assert.equal(text.slice(lines.from, lines.to), expected);
  }
});

Deno.test("a range that begins amid the file has a line at its own first offset", () => {
  const scratch = { bytes: new Uint8Array(0) };
  const lines = readWholeLines(
    source(encode("abc\ndef\n")),
    { from: 2, to: 8, end: 8, first: 2 },
    scratch,
  );
  assert.deepEqual(lines, { from: 2, to: 8, length: 6, short: false });
});

Deno.test("nothing beyond the end is read though the line goes on", () => {
  const scratch = { bytes: new Uint8Array(0) };
  const lines = readWholeLines(source(encode("abc\ndefghi\n")), {
    from: 0,
    to: 6,
    end: 8,
    first: 0,
  }, scratch);
  assert.deepEqual(lines, { from: 0, to: 8, length: 8, short: false });
});

Deno.test("a source that was cut off meanwhile is told", () => {
  const scratch = { bytes: new Uint8Array(0) };
  const cut = source(encode("abc\nde"));
  assert.deepEqual(readWholeLines(cut, { from: 0, to: 9, end: 9, first: 0 }, scratch), {
    from: 0,
    to: 6,
    length: 6,
    short: true,
  });
  assert.equal(readWholeLines(cut, { from: 8, to: 9, end: 9, first: 0 }, scratch).short, true);
  assert.equal(readWholeLines(cut, { from: 4, to: 6, end: 9, first: 0 }, scratch).short, true);
});

Deno.test("random pieces of random logs give every line once and in order", () => {
  const seed = crypto.getRandomValues(new Uint32Array(1))[0] ?? 1;
  let state = seed;
  const random = (below: number) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
  for (let round = 0; round < 300; round++) {
    const sizes = [0, 1, 10, 5000, 70_000, 200_000];
    const lines = Array.from(
      { length: random(12) },
      (_, i) => String(i % 10).repeat(random(sizes[random(sizes.length)] ?? 1)) + "\n",
    );
    const text = lines.join("") + (random(2) ? "half" : "");
    const bytes = encode(text);
    const first = random(3) === 0 ? random(bytes.length + 1) : 0;
    const scratch = { bytes: new Uint8Array(random(100)) };
    let got = "";
    for (let from = first; from < bytes.length;) {
      const to = Math.min(bytes.length, from + 1 + random(1 + random(100_000)));
      const part = readWholeLines(source(bytes), { from, to, end: bytes.length, first }, scratch);
      got += new TextDecoder().decode(scratch.bytes.subarray(0, part.length));
      assert.equal(part.short, false);
      from = to;
    }
    assert(got === text.slice(first), `seed ${seed} round ${round}`);
  }
});
