/**
 * Derives from the syntax tree of a Rust regex a test that proves most matches without the regex engine: strings of
 * byte sets that follow one another in a text, with anything between them. `(error|timeout) .*reset` is proven by
 * `error ` or `timeout ` with `reset` somewhere after it. A text without a proof may still match: optional parts are
 * left out, and so are the non-ASCII members of classes.
 */
import { ByteSet } from "./byte_set.ts";
import type { Hir } from "./regex_engine.ts";

const LF = 0x0a;
const STOP = 2;
const MAX_STRINGS = 16;
const MAX_LENGTH = 64;

/** A sequence of byte sets; each contains the corresponding byte of the text. */
type SetString = readonly ByteSet[];

/** One of these strings at a position in the text, or any characters except line feeds. */
type Part = { readonly strings: readonly SetString[] } | "gap";

/**
 * A text of this length or more is left to the regex engine: it is faster there, and a proof may examine every byte in
 * vain.
 */
const MAX_TEXT_BYTES = 2048;
/**
 * After this many attempts, a proof that succeeded for fewer than half of them is no longer tried: it costs more than
 * it saves.
 */
const TRIAL = 256;

/** Proves matches in valid UTF-8. Owned by one Pattern. */
export class MatchProof {
  readonly #segments: readonly Segment[];
  #attempts = 0;
  #held = 0;

  constructor(segments: readonly Segment[]) {
    this.#segments = segments;
  }

  /** Whether an attempt is worthwhile for a text of this many bytes, judging by earlier attempts. */
  isUseful(bytes: number): boolean {
    return bytes <= MAX_TEXT_BYTES &&
      (this.#attempts < TRIAL || this.#held * 2 > this.#attempts);
  }

  /**
   * Whether text[start, end) is proven to match. False means unknown.
   *
   * @param hint where one of the strings may be, in a text without line feeds; -1: unknown
   */
  holds(text: Uint8Array, start: number, end: number, hint: number): boolean {
    this.#attempts++;
    let at = start;
    for (const segment of this.#segments) {
      at = segment.endFrom(text, at, end, hint);
      if (at < 0) return false;
    }
    this.#held++;
    return true;
  }
}

/** Strings, one of which must be found. */
class Segment {
  /** For each string, a table of 256 for each of its positions: 1 for the bytes that may be there. */
  readonly #strings: readonly Uint8Array[];
  /** 1 for bytes with which one of the strings may begin, STOP for those that may not precede it. */
  readonly #first: Uint8Array;
  /** 1 for the bytes, one of which must follow. */
  readonly #second: Uint8Array;

  /** @param isBehind whether one must be found after another segment's string, with no line feed in between */
  constructor(strings: readonly SetString[], isBehind: boolean) {
    this.#strings = strings.map((string) =>
      Uint8Array.from(string.flatMap((set) => [...set.table()]))
    );
    this.#first = strings.map((string) => string[0]!).reduce((all, set) => all.union(set)).table();
    if (isBehind) this.#first[LF] = STOP;
    this.#second = strings.map((string) => string[1] ?? ByteSet.range(0x00, 0xff))
      .reduce((all, set) => all.union(set)).table();
  }

  /** Where one of the strings ends that begins at `from` or later; -1: there is none. */
  endFrom(text: Uint8Array, from: number, end: number, hint: number): number {
    if (hint >= from) {
      const atHint = this.#endAt(text, hint, end);
      if (atHint >= 0) return atHint;
    }
    const first = this.#first;
    const second = this.#second;
    for (let at = from; at < end; at++) {
      const mark = first[text[at]!]!;
      if (mark === 0) continue;
      if (mark === STOP) return -1;
      if (at + 1 < end && second[text[at + 1]!] === 0) continue;
      const found = this.#endAt(text, at, end);
      if (found >= 0) return found;
    }
    return -1;
  }

  #endAt(text: Uint8Array, at: number, end: number): number {
    const strings = this.#strings;
    for (let k = 0; k < strings.length; k++) {
      const table = strings[k]!;
      const length = table.length >> 8;
      if (at + length > end) continue;
      let i = 0;
      while (i < length && table[i << 8 | text[at + i]!] === 1) i++;
      if (i === length) return at + length;
    }
    return -1;
  }
}

/**
 * The proof for a pattern; null if none is known.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { deriveProof } from "./match_proof.ts";
 * import { RustRegex } from "./rust_regex.ts";
 *
 * assert.notEqual(deriveProof(new RustRegex("error.*reset").syntax()!), null);
 * ```
 */
export function deriveProof(hir: Hir): MatchProof | null {
  const parts = partsOf(hir);
  if (parts === null) return null;
  const segments: Segment[] = [];
  let strings: readonly SetString[] = [[]];
  for (const part of [...parts, "gap"] as const) {
    if (part === "gap") {
      // An empty string is everywhere.
      if (strings.every((string) => string.length > 0)) {
        segments.push(new Segment(strings, segments.length > 0));
      }
      strings = [[]];
    } else {
      strings = product(strings, part.strings);
      if (isTooMuch(strings)) return null;
    }
  }
  return segments.length === 0 ? null : new MatchProof(segments);
}

/** What is sufficient for a match; null if unknown. */
function partsOf(hir: Hir): Part[] | null {
  const kind = hir.kind;
  switch (kind["@variant"]) {
    case "Empty":
      return [];
    case "Literal": {
      const bytes = Object.values(kind["@values"][0]["@values"][0]);
      return bytes.length > MAX_LENGTH
        ? null
        : [{ strings: [bytes.map((byte) => ByteSet.of(byte))] }];
    }
    case "Class": {
      const set = asciiOf(kind["@values"][0]);
      return set.isEmpty ? null : [{ strings: [[set]] }];
    }
    case "Look":
      return null;
    case "Capture":
      return partsOf(kind["@values"][0].sub);
    case "Concat": {
      const parts = kind["@values"][0].map(partsOf);
      return parts.every((part) => part !== null) ? parts.flat() : null;
    }
    case "Alternation": {
      // One of the branches is sufficient, so those that are not plain strings can be omitted.
      const strings = kind["@values"][0].flatMap((branch) => plainStrings(branch) ?? []);
      return strings.length === 0 || isTooMuch(strings) ? null : [{ strings }];
    }
    case "Repetition": {
      const { min, max, sub } = kind["@values"][0];
      const isGap = (max ?? null) === null && isAnyCharacter(sub);
      if (min > MAX_LENGTH) return null;
      if (min === 0) return isGap ? ["gap"] : [];
      const parts = partsOf(sub);
      if (parts === null) return null;
      const copies = Array.from({ length: min }, () => parts).flat();
      return isGap ? [...copies, "gap"] : copies;
    }
  }
}

function plainStrings(hir: Hir): readonly SetString[] | null {
  let strings: readonly SetString[] = [[]];
  for (const part of partsOf(hir) ?? ["gap" as const]) {
    if (part === "gap") return null;
    strings = product(strings, part.strings);
    if (isTooMuch(strings)) return null;
  }
  return strings;
}

function product(heads: readonly SetString[], tails: readonly SetString[]): readonly SetString[] {
  return heads.flatMap((head) => tails.map((tail) => [...head, ...tail]));
}

function isTooMuch(strings: readonly SetString[]): boolean {
  return strings.length > MAX_STRINGS || strings.some((string) => string.length > MAX_LENGTH);
}

type Class = Extract<Hir["kind"], { "@variant": "Class" }>["@values"][0];

/** The ASCII characters of a class, without the line feed. */
function asciiOf(kind: Class): ByteSet {
  const set = new ByteSet();
  for (const [first, last] of rangesOf(kind)) {
    if (first < 0x80) set.addRange(first, Math.min(last, 0x7f));
  }
  set.delete(LF);
  return set;
}

function rangesOf(kind: Class): (readonly [first: number, last: number])[] {
  return kind["@variant"] === "Unicode"
    ? kind["@values"][0].ranges.map((
      { start, end },
    ) => [start.codePointAt(0)!, end.codePointAt(0)!] as const)
    : kind["@values"][0].ranges.map(({ start, end }) => [start, end] as const);
}

/** Whether it matches any character, with or without a line feed, as `.` does. */
function isAnyCharacter(hir: Hir): boolean {
  const kind = hir.kind;
  if (kind["@variant"] !== "Class" || kind["@values"][0]["@variant"] !== "Unicode") return false;
  let next = 0;
  for (const [first, last] of rangesOf(kind["@values"][0])) {
    if (first !== next && !(next === LF && first === LF + 1)) return false;
    next = last + 1;
  }
  return next === 0x110000;
}
