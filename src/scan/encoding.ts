/** How a log's bytes encode the characters of a message. */
import { ByteSet } from "./byte_set.ts";
import type { CodePointRange, Needle, Part } from "./needles.ts";
import { type ByteRange, utf8Ranges } from "./utf8_ranges.ts";

const LF = 0x0a;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const REPLACEMENT = 0xfffd;
/** If a class has more sequences than this, any bytes above ASCII may be one of its characters. */
const MAX_SEQUENCES = 12;

const HIGH = ByteSet.range(0x80, 0xff);
/** A character above ASCII, or up to three bytes that become U+FFFD. */
const highCharacters: readonly Needle[] = [1, 2, 3, 4].map((length) => Array(length).fill(HIGH));

/**
 * Messages in plain UTF-8 that may be invalid, as in a CRI log.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { plainText } from "./encoding.ts";
 *
 * const part = plainText([[0xe9, 0xe9]])!; // é
 * assert.deepEqual(part.needles[0]!.map((set) => set.bytes()), [[0xc3], [0xa9]]);
 * ```
 */
export function plainText(ranges: readonly CodePointRange[]): Part | null {
  const { ascii, sequences, anyHigh } = takeApart(ranges);
  ascii.delete(LF); // no message contains one, and no needle may extend into the next line
  if (anyHigh) {
    const needles = ascii.isEmpty ? highCharacters : [[ascii], ...highCharacters];
    return { needles, edge: [[ascii.union(HIGH)]], exact: "ascii" };
  }
  const needles: Needle[] = ascii.isEmpty ? sequences : [[ascii], ...sequences];
  return needles.length === 0 ? null : { needles, edge: needles, exact: "always" };
}

/** The parts of a class: its ASCII characters, and the others as byte sequences. */
interface ClassParts {
  readonly ascii: ByteSet;
  readonly sequences: ByteSet[][];
  /**
   * Any bytes above ASCII may be one of its characters: either there are too many to list, or U+FFFD is one, which
   * invalid bytes become.
   */
  readonly anyHigh: boolean;
}

function takeApart(ranges: readonly CodePointRange[]): ClassParts {
  const ascii = new ByteSet();
  const sequences: ByteSet[][] = [];
  let anyHigh = false;
  for (const [first, last] of ranges) {
    if (first < 0x80) ascii.addRange(first, Math.min(last, 0x7f));
    if (last < 0x80) continue;
    if (first <= REPLACEMENT && last >= REPLACEMENT) anyHigh = true;
    if (anyHigh) continue;
    for (const sequence of utf8Ranges(Math.max(first, 0x80), last)) {
      sequences.push(sequence.map(([low, high]: ByteRange) => ByteSet.range(low, high)));
    }
    if (sequences.length > MAX_SEQUENCES) anyHigh = true;
  }
  return { ascii, sequences, anyHigh };
}

const ESCAPE = ByteSet.of(BACKSLASH);
const LETTER_U = ByteSet.of(0x75);
const HEX = ByteSet.range(0x30, 0x39).addRange(0x41, 0x46).addRange(0x61, 0x66);
const ANY_UNIT: Needle = [ESCAPE, LETTER_U, HEX, HEX, HEX, HEX];

/** The beginning of each \uXXXX. */
export const UNICODE_ESCAPE: Needle = [ESCAPE, LETTER_U];

/** RFC 8259, section 7: the character of each letter that may follow a backslash. */
const SHORT_ESCAPES: readonly (readonly [letter: string, character: string])[] = [
  ['"', '"'],
  ["\\", "\\"],
  ["/", "/"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
];

/** The characters that Docker itself (Go's encoding/json) writes as \uXXXX. */
const GO_ESCAPES: readonly CodePointRange[] = [
  [0x00, 0x1f],
  [0x26, 0x26], // &
  [0x3c, 0x3c], // <
  [0x3e, 0x3e], // >
  [0x2028, 0x2029],
  [REPLACEMENT, REPLACEMENT],
];

/** The four digits of these escapes. */
const GO_DIGITS = /^(?:00(?:[01][0-9a-f]|26|3[ce])|202[89]|fffd)$/;

/**
 * Whether the \uXXXX that begins at `at` is one that Docker itself would not write (or not an escape at all).
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { isForeignEscape } from "./encoding.ts";
 *
 * const bytesOf = (text: string) => new TextEncoder().encode(text);
 * assert.ok(!isForeignEscape(bytesOf("\\u001b"), 0));
 * assert.ok(isForeignEscape(bytesOf("\\u00e9"), 0));
 * ```
 */
export function isForeignEscape(bytes: Uint8Array, at: number): boolean {
  return !GO_DIGITS.test(String.fromCharCode(...bytes.subarray(at + 2, at + 6)));
}

/**
 * Messages inside JSON strings as Docker writes them: no needle is missed unless an escape is foreign.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { dockerText } from "./encoding.ts";
 *
 * const part = dockerText([[0x3c, 0x3c]])!; // <
 * assert.ok(part.needles.some((needle) => needle.length === 6), "also as \\u003c");
 * ```
 */
export function dockerText(ranges: readonly CodePointRange[]): Part | null {
  return inJson(ranges, unicodeEscapes(intersect(ranges, GO_ESCAPES)));
}

/**
 * Messages inside JSON strings in which each character may be written as an escape.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { anyJsonText } from "./encoding.ts";
 *
 * const part = anyJsonText([[0x61, 0x61]])!; // a
 * assert.ok(part.needles.some((needle) => needle.length === 6), "also as \\u0061");
 * ```
 */
export function anyJsonText(ranges: readonly CodePointRange[]): Part | null {
  const escapes = unicodeEscapes(intersect(ranges, [[0, 0xffff]]));
  // A character above U+FFFF is two escapes; half of such a pair becomes U+FFFD.
  if (ranges.some(([first, last]) => first <= REPLACEMENT && last >= REPLACEMENT)) {
    escapes.push(ANY_UNIT);
  }
  if (ranges.some(([, last]) => last > 0xffff)) escapes.push(ANY_UNIT, [...ANY_UNIT, ...ANY_UNIT]);
  return inJson(ranges, escapes);
}

function inJson(
  ranges: readonly CodePointRange[],
  unicodeEscapes: readonly Needle[],
): Part | null {
  const { ascii, sequences, anyHigh } = takeApart(ranges);
  const letters = new ByteSet();
  for (const [letter, character] of SHORT_ESCAPES) {
    const escaped = letter.charCodeAt(0);
    if (ascii.has(character.charCodeAt(0))) letters.addRange(escaped, escaped);
  }
  for (const byte of ascii.bytes()) {
    if (byte < 0x20 || byte === QUOTE || byte === BACKSLASH) ascii.delete(byte);
  }
  const needles: Needle[] = anyHigh ? [] : [...sequences];
  if (!ascii.isEmpty) needles.push([ascii]);
  if (!letters.isEmpty) needles.push([ESCAPE, letters]);
  needles.push(...unicodeEscapes);
  if (needles.length === 0 && !anyHigh) return null;
  return anyHigh
    ? { needles: [...needles, ...highCharacters], edge: [...needles, [HIGH]], exact: "never" }
    : { needles, edge: needles, exact: "never" };
}

/** The characters as \uXXXX, exact if there are few. */
function unicodeEscapes(ranges: readonly CodePointRange[]): Needle[] {
  const count = ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  if (count > 4) return [ANY_UNIT];
  return ranges.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, i) => {
      const digits = (first + i).toString(16).padStart(4, "0");
      const sets = Array.from(digits, (digit) =>
        ByteSet.of(digit.charCodeAt(0), digit.toUpperCase().charCodeAt(0)));
      return [ESCAPE, LETTER_U, ...sets];
    })
  );
}

function intersect(
  a: readonly CodePointRange[],
  b: readonly CodePointRange[],
): CodePointRange[] {
  return a.flatMap(([first, last]) =>
    b.map(([from, to]) => [Math.max(first, from), Math.min(last, to)] as const)
      .filter(([low, high]) => low <= high)
  );
}
