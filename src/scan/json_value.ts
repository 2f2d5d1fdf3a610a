import { afterBlanks, ESCAPED, hexUnit, PLAIN } from "./json_bytes.ts";

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;
const COMMA = 0x2c;
const MINUS = 0x2d;
const PLUS = 0x2b;
const POINT = 0x2e;
const ZERO = 0x30;
const LETTER_E = 0x65;
const LETTER_U = 0x75;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;

/** A value that is nested more deeply is not accepted, unless the caller allows it. */
const MAX_DEPTH = 256;

const encoder = new TextEncoder();
const literals = ["true", "false", "null"].map((text) => encoder.encode(text));

/**
 * Returns the offset after the JSON value (RFC 8259) that begins at `from`, whatever it contains; -1: it is not a value.
 * Memory grows only with the depth.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { afterValue } from "./json_value.ts";
 *
 * const bytes = new TextEncoder().encode('{"a":[1,null]},');
 * assert.equal(afterValue(bytes, 0, bytes.length), 14);
 * ```
 */
export function afterValue(
  bytes: Uint8Array,
  from: number,
  to: number,
  maxDepth = MAX_DEPTH,
): number {
  /** The closing bytes of the open objects and arrays. */
  const open: number[] = [];
  let p = from;
  for (;;) {
    const byte = p < to ? bytes[p] : -1;
    if (byte === OPENING_BRACE || byte === OPENING_BRACKET) {
      if (open.length === maxDepth) return -1;
      const closing = byte === OPENING_BRACE ? CLOSING_BRACE : CLOSING_BRACKET;
      p = afterBlanks(bytes, p + 1, to);
      if (p >= to || bytes[p] !== closing) {
        open.push(closing);
        p = closing === CLOSING_BRACE ? afterKey(bytes, p, to) : p;
        if (p < 0) return -1;
        continue;
      }
      p++;
    } else p = afterScalar(bytes, p, to);
    if (p < 0) return -1;
    // After a value: the ends of the containers whose last value it is, or a comma and the next value.
    for (let isNext = false; !isNext;) {
      const closing = open.at(-1);
      if (closing === undefined) return p;
      p = afterBlanks(bytes, p, to);
      if (p >= to) return -1;
      if (bytes[p] === closing) {
        open.pop();
        p++;
      } else if (bytes[p] === COMMA) {
        p = afterBlanks(bytes, p + 1, to);
        if (closing === CLOSING_BRACE) p = afterKey(bytes, p, to);
        if (p < 0) return -1;
        isNext = true;
      } else return -1;
    }
  }
}

/** Returns the offset after a member's key, its colon and the whitespace after it; -1: there is none. */
function afterKey(bytes: Uint8Array, from: number, to: number): number {
  if (from >= to || bytes[from] !== QUOTE) return -1;
  const end = afterAnyString(bytes, from + 1, to);
  if (end < 0) return -1;
  const colon = afterBlanks(bytes, end, to);
  return colon < to && bytes[colon] === COLON ? afterBlanks(bytes, colon + 1, to) : -1;
}

function afterScalar(bytes: Uint8Array, from: number, to: number): number {
  if (from >= to) return -1;
  if (bytes[from] === QUOTE) return afterAnyString(bytes, from + 1, to);
  for (const literal of literals) {
    if (literal.every((byte, i) => bytes[from + i] === byte) && from + literal.length <= to) {
      return from + literal.length;
    }
  }
  return afterNumber(bytes, from, to);
}

/** Returns the offset after the rest of a JSON string; -1: it is not one. */
function afterAnyString(bytes: Uint8Array, from: number, to: number): number {
  let p = from;
  for (;;) {
    while (p < to && PLAIN[bytes[p]!] === 1) p++;
    if (p >= to) return -1;
    if (bytes[p] === QUOTE) return p + 1;
    if (bytes[p] !== BACKSLASH || p + 1 >= to) return -1;
    if (bytes[p + 1] === LETTER_U) {
      if (hexUnit(bytes, p + 2, to) < 0) return -1;
      p += 6;
    } else if (ESCAPED[bytes[p + 1]!] !== 0) p += 2;
    else return -1;
  }
}

function afterNumber(bytes: Uint8Array, from: number, to: number): number {
  let p = bytes[from] === MINUS ? from + 1 : from;
  p = p < to && bytes[p] === ZERO ? p + 1 : afterDigits(bytes, p, to);
  if (p >= 0 && p < to && bytes[p] === POINT) p = afterDigits(bytes, p + 1, to);
  if (p >= 0 && p < to && (bytes[p]! | 0x20) === LETTER_E) {
    const isSigned = p + 1 < to && (bytes[p + 1] === PLUS || bytes[p + 1] === MINUS);
    p = afterDigits(bytes, isSigned ? p + 2 : p + 1, to);
  }
  return p;
}

/** Returns the offset after at least one digit; -1: there is none. */
function afterDigits(bytes: Uint8Array, from: number, to: number): number {
  let p = from;
  while (p < to && bytes[p]! >= 0x30 && bytes[p]! <= 0x39) p++;
  return p > from ? p : -1;
}
