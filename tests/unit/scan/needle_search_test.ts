import assert from "node:assert/strict";
import { ByteSet } from "../../../src/scan/byte_set.ts";
import { NeedleSearch, searchMemory } from "../../../src/scan/needle_search.ts";
import type { Needle } from "../../../src/scan/needles.ts";
import { utf8Ranges } from "../../../src/scan/utf8_ranges.ts";
import { Random, runSeed } from "../../harness/random.ts";

function literal(text: string): Needle {
  return Array.from(new TextEncoder().encode(text), (byte) => ByteSet.of(byte));
}

/** All positions where a needle begins. */
function places(search: NeedleSearch, bytes: Uint8Array, from: number, to: number): number[] {
  const found: number[] = [];
  search.begin(bytes, from, to);
  for (let at = search.next(from); at >= 0; at = search.next(at + 1)) {
    assert(search.isNeedle);
    found.push(at);
  }
  return found;
}

Deno.test("a needle is found wherever it lies about the end of what is searched at once", () => {
  const chunk = 256 * 1024;
  const search = new NeedleSearch([literal("needle")]);
  for (let at = chunk - 20; at < chunk + 20; at++) {
    const bytes = new Uint8Array(chunk + 100).fill(0x2e);
    bytes.set(new TextEncoder().encode("needle"), at);
    assert.deepEqual(places(search, bytes, 0, bytes.length), [at]);
    assert.deepEqual(places(search, bytes, 0, at + 5), []);
    assert.deepEqual(places(search, bytes, at + 1, bytes.length), []);
    assert.deepEqual(places(search, bytes, at, at + 6), [at]);
  }
});

Deno.test("random single needles, spelled or not, are found at all their places and no others", () => {
  const seed = runSeed();
  const random = new Random(seed);
  const letters = "neEdlL. 8";
  for (let i = 0; i < 2000; i++) {
    const needle = Array.from({ length: 1 + random.below(7) }, () => {
      const byte = random.pick([...letters]).charCodeAt(0);
      if (random.chance(0.1)) return ByteSet.of(0x6e, 0x64, 0x38);
      return random.chance(0.4) && /[a-z]/i.test(String.fromCharCode(byte))
        ? ByteSet.of(byte, byte ^ 0x20)
        : ByteSet.of(byte);
    });
    const bytes = Uint8Array.from(
      { length: random.below(400) },
      () => random.pick([...letters]).charCodeAt(0),
    );
    const from = random.below(bytes.length + 1);
    const to = from + random.below(bytes.length - from + 1);
    const expected: number[] = [];
    for (let at = from; at + needle.length <= to; at++) {
      if (needle.every((set, k) => set.has(bytes[at + k]!))) expected.push(at);
    }
    const label = `SEED=${seed} round ${i}`;
    assert.deepEqual(places(new NeedleSearch([needle]), bytes, from, to), expected, label);
  }
});

Deno.test("a spelled needle is found wherever it lies about the end of what is searched at once", () => {
  const chunk = 256 * 1024;
  const insensitive = Array.from(
    "xNeedlex",
    (c) => ByteSet.of(c.toLowerCase().charCodeAt(0), c.toUpperCase().charCodeAt(0)),
  );
  const search = new NeedleSearch([insensitive]);
  for (let at = chunk - 40; at < chunk + 40; at++) {
    const bytes = new Uint8Array(chunk + 200).fill(0x6e);
    bytes.set(new TextEncoder().encode("XneEDLeX"), at);
    assert.deepEqual(places(search, bytes, 0, bytes.length), [at]);
    assert.deepEqual(places(search, bytes, 0, at + 7), []);
    assert.deepEqual(places(search, bytes, at + 1, bytes.length), []);
    assert.deepEqual(places(search, bytes, at, at + 8), [at]);
  }
});

Deno.test("bytes already in the search's own memory are searched in place", () => {
  const seed = runSeed();
  const random = new Random(seed);
  const search = new NeedleSearch([literal("nee"), literal("dle")]);
  const spelled = new NeedleSearch([literal("needle")]);
  for (let i = 0; i < 200; i++) {
    const length = random.pick([40, 300 * 1024, searchMemory.length]);
    const bytes = new Uint8Array(length).fill(0x2e);
    for (let k = 0; k < 20; k++) {
      const text = new TextEncoder().encode(random.pick(["needle", "nee", "dle", "x\n"]));
      bytes.set(text, random.below(length - text.length + 1));
    }
    const from = random.below(length + 1);
    const start = random.below(searchMemory.length - length + 1);
    const inMemory = searchMemory.subarray(start, start + length);
    for (const one of [search, spelled]) {
      const expected = places(one, bytes, from, length);
      inMemory.set(bytes);
      const found = places(one, inMemory, from, length);
      const label = `SEED=${seed} round ${i}`;
      assert.deepEqual(found, expected, label);
      assert.deepEqual(inMemory, bytes, label);
      if (found.length === 0) continue;
      const last = found.at(-1)!;
      one.begin(inMemory, from, length);
      assert.equal(one.next(last), last, label);
      assert.equal(
        one.lineStart(last, from),
        bytes.subarray(0, last).lastIndexOf(10) >= from
          ? bytes.subarray(0, last).lastIndexOf(10) + 1
          : from,
        label,
      );
      const end = bytes.indexOf(10, last);
      assert.equal(one.lineEnd(last), end < 0 ? length : end, label);
    }
  }
});

Deno.test("random needles are found where a naive search finds them", () => {
  const seed = runSeed();
  const random = new Random(seed);
  const byte = () => random.pick([0x61, 0x62, 0x63, 0x71, 0x0a, 0x41, 0xe9, 0x51, 0x30]);
  for (let i = 0; i < 2000; i++) {
    const needles = Array.from(
      { length: 1 + random.below(11) },
      () =>
        Array.from(
          { length: 1 + random.below(6) },
          () => ByteSet.of(...Array.from({ length: 1 + random.below(3) }, byte)),
        ),
    );
    const bytes = Uint8Array.from({ length: random.below(150) }, byte);
    const expected: number[] = [];
    for (let at = 0; at < bytes.length; at++) {
      const isThere = needles.some((needle) =>
        at + needle.length <= bytes.length && needle.every((set, k) => set.has(bytes[at + k]!))
      );
      if (isThere) expected.push(at);
    }
    // Because of its windows, a search may find a position later than another one after it; a line is still found.
    const search = new NeedleSearch(needles);
    const found = new Set<number>();
    for (let from = 0; from < bytes.length; from++) {
      search.begin(bytes, from, bytes.length);
      const at = search.next(from);
      const first = expected.find((place) => place >= from);
      assert.equal(at >= 0, first !== undefined, JSON.stringify({ seed, i, from }));
      if (at >= 0) {
        assert(expected.includes(at), JSON.stringify({ seed, i, from, at }));
        found.add(at);
      }
    }
    if (needles.length === 1) assert.deepEqual([...found].sort((a, b) => a - b), expected);
  }
});

Deno.test("a search that meets too many windows without a needle says that it is not sure", () => {
  const search = new NeedleSearch([literal("xxxxxxxx")]);
  const bytes = new TextEncoder().encode("xxxxxxxy".repeat(50_000));
  search.begin(bytes, 0, bytes.length);
  assert(search.next(0) >= 0);
  assert(!search.isNeedle);
});

Deno.test("UTF-8 ranges hold the bytes of their code points and of no others", () => {
  const seed = runSeed();
  const random = new Random(seed);
  const encoder = new TextEncoder();
  const edges = [0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff];
  for (let i = 0; i < 300; i++) {
    const near = () =>
      Math.min(0x10ffff, Math.max(0, random.pick(edges) + random.below(200) - 100));
    const [first, last] = [near(), random.chance(0.5) ? near() : random.below(0x110000)].sort((
      a,
      b,
    ) => a - b) as [number, number];
    const sequences = utf8Ranges(first, last);
    for (let k = 0; k < 400; k++) {
      const codePoint = random.chance(0.5)
        ? near()
        : random.pick([first, last]) + random.below(5) - 2;
      if (codePoint < 0 || codePoint > 0x10ffff || (codePoint >= 0xd800 && codePoint <= 0xdfff)) {
        continue;
      }
      const bytes = encoder.encode(String.fromCodePoint(codePoint));
      const fitting = sequences.filter((sequence) =>
        sequence.length === bytes.length &&
        sequence.every(([low, high], n) => bytes[n]! >= low && bytes[n]! <= high)
      );
      const expected = codePoint >= first && codePoint <= last ? 1 : 0;
      assert.equal(fitting.length, expected, JSON.stringify({ seed, first, last, codePoint }));
    }
  }
});
