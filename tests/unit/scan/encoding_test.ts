import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { anyJsonText, dockerText, isForeignEscape, plainText } from "../../../src/scan/encoding.ts";
import type { CodePointRange, Needle, Part } from "../../../src/scan/needles.ts";
import { Random, runSeed } from "../../harness/random.ts";

/** Characters at which encodings change: ASCII, escapes, lengths of UTF-8, surrogates, U+FFFD. */
const edges = [
  ...[0x00, 0x08, 0x09, 0x0d, 0x1f, 0x20, 0x22, 0x26, 0x2f, 0x3c, 0x3e, 0x41, 0x5c, 0x61, 0x7f],
  ...[0x80, 0xe9, 0x7ff, 0x800, 0x2028, 0x2029, 0xd7ff, 0xe000, 0xfffd, 0xffff, 0x10000, 0x1f600],
  0x10ffff,
];

function randomRanges(random: Random): CodePointRange[] {
  return Array.from({ length: random.between(1, 3) }, () => {
    const first = random.pick(edges);
    if (random.chance(0.5)) return [first, first] as const;
    const last = Math.min(0x10ffff, first + random.pick([1, 5, 100, 5000]));
    // Surrogates are not characters.
    return first < 0xd800 && last >= 0xd800 ? [first, 0xd7ff] as const : [first, last] as const;
  });
}

function holds(ranges: readonly CodePointRange[], codePoint: number): boolean {
  return ranges.some(([first, last]) => first <= codePoint && codePoint <= last);
}

function isFound(needles: readonly Needle[], bytes: Uint8Array): boolean {
  return needles.some((needle) =>
    bytes.some((_, at) =>
      at + needle.length <= bytes.length && needle.every((set, i) => set.has(bytes[at + i]!))
    )
  );
}

function escaped(unit: number): string {
  return `\\u${unit.toString(16).padStart(4, "0")}`;
}

/** As written by Go's encoding/json, which Docker's json-file driver uses. */
function asGoWrites(codePoint: number): string {
  const text = String.fromCodePoint(codePoint);
  const html = [0x26, 0x3c, 0x3e, 0x2028, 0x2029];
  if (html.includes(codePoint)) return escaped(codePoint);
  const short = { 0x08: "\\b", 0x09: "\\t", 0x0a: "\\n", 0x0c: "\\f", 0x0d: "\\r" }[codePoint];
  if (short !== undefined) return short;
  return codePoint < 0x20 ? escaped(codePoint) : JSON.stringify(text).slice(1, -1);
}

/** All ways in which JSON can encode it. */
function asJsonMayBe(codePoint: number): string[] {
  const text = String.fromCodePoint(codePoint);
  const units = Array.from({ length: text.length }, (_, i) => escaped(text.charCodeAt(i))).join("");
  const ways = [
    units,
    units.toUpperCase().replaceAll("\\U", "\\u"),
    JSON.stringify(text).slice(1, -1),
  ];
  return codePoint === 0x2f ? [...ways, "\\/"] : ways;
}

/** For a class: the encoding of each of its characters contains a needle; and if the class is exact, no other does. */
function check(
  encode: (ranges: readonly CodePointRange[]) => Part | null,
  written: (codePoint: number) => readonly (string | Uint8Array)[],
) {
  const seed = runSeed();
  console.log(`SEED=${seed}`);
  const random = new Random(seed);
  for (let round = 0; round < 400; round++) {
    const ranges = randomRanges(random);
    const part = encode(ranges);
    const others = Array.from({ length: 10 }, () => random.pick(edges) + random.below(3));
    const inside = ranges.flatMap(([first, last]) => [first, last, random.between(first, last)]);
    for (const codePoint of [...inside, ...others]) {
      if (codePoint === 0x0a || codePoint > 0x10ffff || (codePoint >> 11) === 0x1b) continue;
      for (const way of written(codePoint)) {
        const bytes = Buffer.from(way as string);
        const label = `SEED=${seed} ${JSON.stringify(ranges)} ${codePoint.toString(16)} ${way}`;
        if (holds(ranges, codePoint)) {
          if (part === null) continue; // Unknown, so nothing is searched for.
          assert.ok(isFound(part.needles, bytes), label);
          assert.ok(isFound(part.edge, bytes), `${label}, edge`);
        } else if (part?.exact === "always" || part?.exact === "ascii" && codePoint < 0x80) {
          assert.ok(!isFound(part.needles, bytes), `${label}: not of the class`);
        }
      }
    }
  }
}

Deno.test("plain text: a character of the class is found in its UTF-8, and no other where that is exact", () => {
  check(plainText, (codePoint) => [String.fromCodePoint(codePoint)]);
});

Deno.test("plain text: broken bytes are found where U+FFFD is of the class", () => {
  const part = plainText([[0xfffd, 0xfffd]])!;
  for (const broken of [[0x80], [0xc3], [0xe6, 0x97], [0xf0, 0x9f, 0x98]]) {
    assert.ok(isFound(part.needles, Uint8Array.from(broken)), String(broken));
  }
});

Deno.test("Docker's text: a character of the class is found as Go writes it", () => {
  check(dockerText, (codePoint) => [asGoWrites(codePoint)]);
});

Deno.test("any JSON text: a character of the class is found however it is escaped", () => {
  check(anyJsonText, asJsonMayBe);
});

Deno.test("an escape is foreign exactly where Go would write something else", () => {
  const goWrites = (unit: number) =>
    unit >= 0xd800 && unit <= 0xdfff ? "" : unit === 0xfffd ? escaped(unit) : asGoWrites(unit);
  for (let unit = 0; unit <= 0xffff; unit++) {
    // Newer versions of Go write \b and \f for two of them.
    if ([0x08, 0x09, 0x0a, 0x0c, 0x0d].includes(unit)) continue;
    const foreign = isForeignEscape(Buffer.from(escaped(unit)), 0);
    assert.equal(foreign, goWrites(unit) !== escaped(unit), escaped(unit));
  }
});
