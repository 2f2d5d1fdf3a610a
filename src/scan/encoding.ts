/** How characters of a message are written in a log's bytes, as atoms of a RegExp. */
import { ByteSet } from "./byte_set.ts";
import type { Atom } from "./atom.ts";
import { type ByteRange, utf8Ranges } from "./utf8_ranges.ts";

/** Code points, both ends included. */
export type CodePointRange = readonly [first: number, last: number];

export interface Encoding {
  /** The atoms of one character. */
  character(codePoint: number): Atom[];
  /** One character of a class; null: no character. */
  class(ranges: readonly CodePointRange[]): Atom | null;
}

const LF = 0x0a;
const REPLACEMENT = 0xfffd;
/** A class with more sequences than this takes any bytes above ASCII for its characters. */
const MAX_SEQUENCES = 12;

const HIGH = ByteSet.range(0x80, 0xff);

/** One byte of a set. */
function byteAtom(set: ByteSet, exact: Atom["exact"]): Atom {
  return {
    source: set.source(),
    shortest: 1,
    longest: 1,
    ways: 1,
    first: set,
    rest: new ByteSet(),
    last: set,
    any: set,
    score: rareness(set),
    exact,
  };
}

/** One of several sequences of byte sets, of which no two match the same bytes. */
function sequencesAtom(sequences: readonly (readonly ByteSet[])[], exact: Atom["exact"]): Atom {
  const union = (sets: readonly ByteSet[]) => sets.reduce((a, b) => a.union(b), new ByteSet());
  const sources = sequences.map((sequence) => sequence.map((set) => set.source()).join(""));
  const lengths = sequences.map((sequence) => sequence.length);
  const chance = sequences.reduce(
    (sum, sequence) => sum + 2 ** -sequence.reduce((bits, set) => bits + rareness(set), 0),
    0,
  );
  return {
    source: sources.length === 1 ? sources[0]! : `(?:${sources.join("|")})`,
    shortest: Math.min(...lengths),
    longest: Math.max(...lengths),
    ways: 1,
    first: union(sequences.map((sequence) => sequence[0]!)),
    rest: union(sequences.flatMap((sequence) => sequence.slice(1))),
    last: union(sequences.map((sequence) => sequence.at(-1)!)),
    any: union(sequences.flat()),
    score: Math.max(0, -Math.log2(chance)),
    exact,
  };
}

/** How often a byte stands in a log, roughly: its share of all bytes. */
function share(byte: number): number {
  if (byte === 0x20) return 1 / 8;
  if (byte >= 0x61 && byte <= 0x7a) {
    return "etaoinsr".includes(String.fromCharCode(byte)) ? 1 / 20 : 1 / 60;
  }
  if (byte >= 0x30 && byte <= 0x39) return 1 / 25;
  if (byte >= 0x41 && byte <= 0x5a) return 1 / 150;
  if ('.,:-/="_'.includes(String.fromCharCode(byte))) return 1 / 80;
  return byte < 0x80 ? 1 / 400 : 1 / 2000;
}

/** Bits. */
function rareness(set: ByteSet): number {
  return -Math.log2(Math.min(1, set.bytes().reduce((sum, byte) => sum + share(byte), 0)));
}

function set(ranges: readonly ByteRange[]): ByteSet {
  const set = new ByteSet();
  for (const [first, last] of ranges) set.addRange(first, last);
  return set;
}

/** The parts of a class: its ASCII characters, and the others as sequences of bytes. */
interface Parts {
  readonly ascii: ByteSet;
  readonly sequences: ByteSet[][];
  /**
   * Any bytes above ASCII may be one of its characters: they are too many to be listed, or U+FFFD
   * is one, which broken bytes become.
   */
  readonly anyHigh: boolean;
}

function parts(ranges: readonly CodePointRange[]): Parts {
  const ascii = new ByteSet();
  const sequences: ByteSet[][] = [];
  let anyHigh = false;
  for (const [first, last] of ranges) {
    if (first < 0x80) ascii.addRange(first, Math.min(last, 0x7f));
    if (last < 0x80) continue;
    if (first <= REPLACEMENT && last >= REPLACEMENT) anyHigh = true;
    for (const sequence of utf8Ranges(Math.max(first, 0x80), last)) {
      sequences.push(sequence.map((range) => set([range])));
    }
  }
  return { ascii, sequences, anyHigh: anyHigh || sequences.length > MAX_SEQUENCES };
}

/** Messages in plain UTF-8 that may be broken, as in a CRI log. */
export const plainText: Encoding = {
  character(codePoint) {
    if (codePoint === REPLACEMENT) return [plainText.class([[codePoint, codePoint]])!];
    const bytes = new TextEncoder().encode(String.fromCodePoint(codePoint));
    return Array.from(bytes, (byte) => byteAtom(ByteSet.of(byte), "always"));
  },

  class(ranges) {
    const { ascii, sequences, anyHigh } = parts(ranges);
    ascii.delete(LF); // no message has one, and a match must not go on into the next line
    if (anyHigh) {
      const loop = byteAtom(ascii.union(HIGH), "ascii");
      const high = highAtom();
      const source = ascii.isEmpty ? high.source : `(?:${ascii.source()}|${high.source})`;
      return { ...loop, source, longest: 4, ways: 4, rest: HIGH, edge: [loop], loop };
    }
    if (sequences.length === 0) return ascii.isEmpty ? null : byteAtom(ascii, "always");
    return sequencesAtom(ascii.isEmpty ? sequences : [[ascii], ...sequences], "always");
  },
};

/** A character above ASCII, or up to three bytes that become U+FFFD. */
function highAtom(): Atom {
  return {
    ...byteAtom(HIGH, "ascii"),
    source: `${HIGH.source()}{1,4}`,
    longest: 4,
    ways: 4,
    rest: HIGH,
  };
}

const QUOTE = 0x22;
const BACKSLASH = ByteSet.of(0x5c);
const LETTER_U = ByteSet.of(0x75);
const HEX = ByteSet.range(0x30, 0x39).addRange(0x41, 0x46).addRange(0x61, 0x66);
/** RFC 8259, section 7: the character of each letter that may follow a backslash. */
const SHORT_ESCAPES: readonly (readonly [letter: number, codePoint: number])[] = [
  [0x22, 0x22],
  [0x5c, 0x5c],
  [0x2f, 0x2f],
  [0x62, 0x08],
  [0x66, 0x0c],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
];
/** What Docker itself (Go's encoding/json) writes as \uXXXX: control characters, < > &, U+2028, U+2029. */
const GO_ESCAPES: readonly CodePointRange[] = [
  [0x00, 0x1f],
  [0x26, 0x26],
  [0x3c, 0x3c],
  [0x3e, 0x3e],
  [0x2028, 0x2029],
  [REPLACEMENT, REPLACEMENT],
];

/** Finds a \uXXXX that Docker itself would not write (or a text that looks so). */
export const FOREIGN_ESCAPE = /\\u(?!00(?:[01][0-9a-f]|26|3[ce])|202[89]|fffd)/;

/** Messages inside JSON strings as Docker writes them. Wrong where FOREIGN_ESCAPE is found. */
export const dockerText: Encoding = jsonText(GO_ESCAPES, false);

/** Messages inside JSON strings with escapes of any kind. */
export const anyJsonText: Encoding = jsonText([[0, 0xffff]], true);

/**
 * Characters in a JSON string, those of `escaped` perhaps as \uXXXX; with `pairs`, those beyond
 * U+FFFF perhaps as two of them, and half a pair as U+FFFD.
 */
function jsonText(escaped: readonly CodePointRange[], pairs: boolean): Encoding {
  const encoding: Encoding = {
    character(codePoint) {
      const asItIs = codePoint >= 0x20 && codePoint !== QUOTE && codePoint !== 0x5c &&
        codePoint !== 0x2f && !pairs && intersect([[codePoint, codePoint]], escaped).length === 0;
      return asItIs ? plainText.character(codePoint) : [encoding.class([[codePoint, codePoint]])!];
    },

    class(ranges) {
      const { ascii, sequences, anyHigh } = parts(ranges);
      const letters = new ByteSet();
      for (const [letter, codePoint] of SHORT_ESCAPES) {
        if (ascii.has(codePoint)) letters.addRange(letter, letter);
      }
      for (const byte of ascii.bytes()) {
        if (byte < 0x20 || byte === QUOTE || byte === 0x5c) ascii.delete(byte);
      }
      const all: ByteSet[][] = anyHigh ? [] : [...sequences];
      if (!ascii.isEmpty) all.push([ascii]);
      if (!letters.isEmpty) all.push([BACKSLASH, letters]);
      all.push(...unicodeEscapes(intersect(ranges, escaped)));
      const beyond = pairs && ranges.some(([, last]) => last > 0xffff);
      const half = pairs &&
        ranges.some(([first, last]) => first <= REPLACEMENT && last >= REPLACEMENT);
      // One half of a pair stands for a whole: a loop takes two, and an edge needs no more.
      const anyEscape = all.some((sequence) => sequence.length === 6 && sequence[2] === HEX);
      if ((beyond || half) && !anyEscape) all.push(SURROGATE);
      const loop = anyHigh ? sequencesAtom([...all, [HIGH]], "never") : null;
      if (loop === null && all.length === 0) return null;
      let source = all.map((sequence) => sequence.map((set) => set.source()).join("")).join("|");
      let ways = 1;
      if (beyond) {
        source = `(?:${source}){1,2}`;
        ways = 2;
      }
      if (loop !== null) {
        source += `${source === "" ? "" : "|"}${HIGH.source()}{1,4}`;
        ways += 3;
      }
      const one = loop ?? sequencesAtom(all, "never");
      if (ways === 1) return one;
      const longest = Math.max(beyond ? one.longest * 2 : one.longest, 4);
      const rest = one.any;
      return { ...one, source: `(?:${source})`, longest, ways, rest, edge: [one], loop: one };
    },
  };
  return encoding;
}

/** \ud800 to \udfff */
const SURROGATE = [
  BACKSLASH,
  LETTER_U,
  ByteSet.of(0x44, 0x64),
  ByteSet.range(0x38, 0x39).addRange(0x41, 0x46).addRange(0x61, 0x66),
  HEX,
  HEX,
];

/** The characters as \uXXXX, exactly where they are few. */
function unicodeEscapes(ranges: readonly CodePointRange[]): ByteSet[][] {
  const count = ranges.reduce((sum, [first, last]) => sum + last - first + 1, 0);
  if (count > 4) return [[BACKSLASH, LETTER_U, HEX, HEX, HEX, HEX]];
  return ranges.flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, i) => {
      const digits = (first + i).toString(16).padStart(4, "0");
      const sets = [...digits].map((digit) =>
        ByteSet.of(digit.charCodeAt(0), digit.toUpperCase().charCodeAt(0))
      );
      return [BACKSLASH, LETTER_U, ...sets];
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
