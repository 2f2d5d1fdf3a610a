import assert from "node:assert/strict";
import type { ByteSource } from "../../../src/scan/byte_source.ts";
import { type LinePolicy, linePolicy } from "../../../src/scan/line_policy.ts";
import { type LinePosition, readLines } from "../../../src/scan/line_reader.ts";
import { Random, runSeed } from "../../harness/random.ts";

function source(bytes: Uint8Array): ByteSource & { most: number } {
  return {
    size: bytes.length,
    most: 0,
    readAt(offset, into) {
      const part = bytes.subarray(offset, offset + into.length);
      into.set(part);
      this.most = Math.max(this.most, into.length);
      return part.length;
    },
  };
}

const encode = (text: string) => new TextEncoder().encode(text);
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
const policy = (direction: "forward" | "backward", format: "cri" | "docker" = "cri"): LinePolicy =>
  linePolicy({ format, direction, maxRecordBytes: 1_100_000 });
const range = (from: number, to: number, end: number, first = 0): LinePosition => ({
  from,
  to,
  end,
  first,
  line: null,
});

function first(of: ByteSource, position: LinePosition) {
  const buffer = { bytes: new Uint8Array(0) };
  const chunk = readLines(of, position, policy("forward"), 1 << 20, buffer);
  return { chunk, text: decode(buffer.bytes.subarray(0, chunk.length)) };
}

/** All lines of a range in the order of the direction, each as it is given out. */
function allLines(
  of: ByteSource,
  position: LinePosition,
  how: LinePolicy,
  blockBytes: () => number,
): { lines: string[]; malformed: number; largest: number } {
  const buffer = { bytes: new Uint8Array(0) };
  const lines: string[] = [];
  let malformed = 0;
  let largest = 0;
  for (let next: LinePosition | null = position; next !== null;) {
    const chunk = readLines(of, next, how, blockBytes(), buffer);
    malformed += chunk.malformed;
    largest = Math.max(largest, buffer.bytes.length);
    const given = splitLines(decode(buffer.bytes.subarray(0, chunk.length)));
    lines.push(...(how.direction === "forward" ? given : given.reverse()));
    // What crosses to a worker is plain data.
    next = chunk.next === null ? null : structuredClone(chunk.next);
  }
  return { lines, malformed, largest };
}

function splitLines(text: string): string[] {
  const lines = text.split("\n").map((line) => `${line}\n`);
  const last = lines.pop()!.slice(0, -1);
  return last === "" ? lines : [...lines, last];
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

const HEADER = "2024-10-01T00:00:00.000000007Z stdout ";

Deno.test("a CRI line longer than may be held comes in parts, the same in both directions", () => {
  const seed = runSeed();
  for (let round = 0; round < 20; round++) {
    const random = new Random(seed + round);
    const unit = random.pick(["x", "äé", "日本語", "\u{1f600}a", "x\0", "\u2028y "]);
    const message = unit.repeat(Math.ceil((1_300_000 + random.below(3_000_000)) / unit.length));
    const blanks = random.pick(["", " ", "\u3000 ".repeat(100_000)]);
    const tag = random.pick(["F", "P"]);
    const nuls = "\0".repeat(random.pick([0, 1, 300_000]));
    const lines = ["short\n", `${nuls}${HEADER}${tag} ${message}${blanks}\n`, "last\n"];
    const bytes = encode(lines.join(""));
    const all = range(0, bytes.length, bytes.length);
    const label = `SEED=${seed + round}`;
    const forward = allLines(source(bytes), all, policy("forward"), () => 65_536);
    const backward = allLines(source(bytes), all, policy("backward"), () => 65_536);
    assert.deepEqual(backward.lines.toReversed(), forward.lines, label);
    assert.equal(forward.lines[0], "short\n");
    assert.equal(forward.lines.at(-1), "last\n");
    const parts = forward.lines.slice(1, -1);
    assert.ok(parts.length >= 2, label);
    const whole = `${message}${blanks}`;
    let joined = parts.map((part) => part.slice(HEADER.length + 2)).join("");
    if (tag === "F") joined = joined.trimEnd();
    assert.equal(joined, tag === "F" ? whole.trimEnd() : whole, label);
    for (const [i, part] of parts.entries()) {
      const isLast = i === parts.length - 1;
      assert.equal(part.slice(0, HEADER.length + 2), `${HEADER}${isLast ? tag : "P"} `, label);
      assert.ok(encode(part.trimEnd()).length <= 1_100_000 + HEADER.length + 2, label);
    }
    assert.ok(forward.largest <= 1_200_000 && backward.largest <= 1_200_000, label);
  }
});

Deno.test("a run of NULs is passed over, whatever its length and what follows it", () => {
  const nuls = "\0".repeat(3_000_000);
  const cases: [string, string[], number][] = [
    [`a\n${nuls}b\n`, ["a\n", "b\n"], 0],
    [`a\n${nuls}`, ["a\n"], 1],
    [`${nuls}\nb\n`, ["\n", "b\n"], 0],
    [`${nuls}b`, ["b"], 0],
    [`${nuls}${nuls}\n${nuls}c\n`, ["\n", "c\n"], 0],
  ];
  for (const [text, expected, malformed] of cases) {
    const bytes = encode(text);
    for (const direction of ["forward", "backward"] as const) {
      for (const format of ["cri", "docker"] as const) {
        const all = range(0, bytes.length, bytes.length);
        const small: LinePolicy = { ...policy(direction, format), heldBytes: 100_000 };
        const got = allLines(source(bytes), all, small, () => 65_536);
        if (direction === "backward") got.lines.reverse();
        assert.deepEqual(got.lines, expected);
        assert.equal(got.malformed, malformed);
      }
    }
  }
});

Deno.test("a long line without a header, and one of Docker's, is skipped and counted once", () => {
  const log = (line: string) => encode(`a\n${line}\nb\n`);
  const docker = `{"log":"${
    "x".repeat(17 << 20)
  }","stream":"stdout","time":"2024-10-01T00:00:00Z"}`;
  for (const direction of ["forward", "backward"] as const) {
    for (
      const [bytes, format] of [[log("y".repeat(2_000_000)), "cri"], [
        log(docker),
        "docker",
      ]] as const
    ) {
      const of = source(bytes);
      const all = range(0, bytes.length, bytes.length);
      const got = allLines(of, all, policy(direction, format), () => 65_536);
      if (direction === "backward") got.lines.reverse();
      assert.deepEqual([got.lines, got.malformed], [["a\n", "b\n"], 1]);
    }
  }
});

Deno.test("a Docker line of up to 16 MiB is held, because its time comes last", () => {
  const line = `{"log":"${
    "x".repeat(15 << 20)
  }","stream":"stdout","time":"2024-10-01T00:00:00Z"}\n`;
  const bytes = encode(line);
  const all = range(0, bytes.length, bytes.length);
  assert.deepEqual(allLines(source(bytes), all, policy("forward", "docker"), () => 65_536).lines, [
    line,
  ]);
});
