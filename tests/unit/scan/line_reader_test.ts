import assert from "node:assert/strict";
import type { ByteSource } from "../../../src/scan/byte_source.ts";
import { type LinePosition, readLines } from "../../../src/scan/line_reader.ts";
import { Random, runSeed } from "../../harness/random.ts";
import { allLines, decode, encode, policy, range, source } from "./all_lines.ts";

function first(of: ByteSource, position: LinePosition) {
  const buffer = { bytes: new Uint8Array(0) };
  const chunk = readLines(of, position, policy("forward"), 1 << 20, buffer);
  return { chunk, text: decode(buffer.bytes.subarray(0, chunk.length)) };
}

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
    const { chunk, text: got } = first(source(encode(text)), range(from, to, 18));
    assert.equal(got, expected, `[${from}, ${to})`);
    assert.equal(chunk.short, false);
    if (chunk.length > 0) assert.equal(text.slice(chunk.from, chunk.to), expected);
  }
});

Deno.test("a range that begins amid the file has a line at its own first offset", () => {
  const { chunk, text } = first(source(encode("abc\ndef\n")), range(2, 8, 8, 2));
  assert.deepEqual([text, chunk.from, chunk.to], ["c\ndef\n", 2, 8]);
});

Deno.test("nothing beyond the end is read though the line continues", () => {
  assert.equal(first(source(encode("abc\ndefghi\n")), range(0, 6, 8)).text, "abc\ndefg");
});

Deno.test("a source that was cut off meanwhile is short", () => {
  const cut = source(encode("abc\nde"));
  const { chunk, text } = first(cut, range(0, 9, 9));
  assert.deepEqual([text, chunk.short, chunk.to, chunk.next], ["abc\nde", true, 6, null]);
  assert.equal(first(cut, range(8, 9, 9)).chunk.short, true);
  assert.equal(first(cut, range(4, 6, 9)).chunk.short, true);
});

Deno.test("a block in which no line begins does not make one of the next block's beginning", () => {
  const text = "a".repeat(50_000) + "\nb\n";
  const { lines } = allLines(
    source(encode(text)),
    range(10, text.length, text.length),
    policy("forward"),
    () => 1000,
  );
  assert.deepEqual(lines, ["b\n"]);
});

Deno.test("random ranges of random logs give every line once and in order, in both directions", () => {
  const seed = runSeed();
  for (let round = 0; round < 60; round++) {
    const random = new Random(seed + round);
    const lines = Array.from(
      { length: random.below(12) },
      (_, i) => String(i % 10).repeat(random.pick([0, 1, 10, 5000, 70_000, 90_000])) + "\n",
    );
    if (random.chance(0.5)) lines.push("half");
    const text = lines.join("");
    const bytes = encode(text);
    const bounds = [0, bytes.length];
    while (random.chance(0.7)) bounds.push(random.below(bytes.length + 1));
    bounds.sort((a, b) => a - b);
    for (const direction of ["forward", "backward"] as const) {
      const got: string[] = [];
      const ranges = bounds.slice(1).map((to, i) => range(bounds[i]!, to, bytes.length));
      if (direction === "backward") ranges.reverse();
      for (const one of ranges) {
        const blockBytes = () => 1 + random.below(100_000);
        got.push(...allLines(source(bytes), one, policy(direction), blockBytes).lines);
      }
      if (direction === "backward") got.reverse();
      assert.equal(got.join(""), text, `SEED=${seed + round} ${direction}`);
    }
  }
});

Deno.test("a Docker line of up to 16 MiB is held because its time is at the end", () => {
  const line = `{"log":"${
    "x".repeat(15 << 20)
  }","stream":"stdout","time":"2024-10-01T00:00:00Z"}\n`;
  const bytes = encode(line);
  const all = range(0, bytes.length, bytes.length);
  assert.deepEqual(allLines(source(bytes), all, policy("forward", "docker"), () => 65_536).lines, [
    line,
  ]);
});
