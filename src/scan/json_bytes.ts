/** Reads JSON (RFC 8259) from bytes, to the extent that Docker's log lines need it. */
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** 1 for bytes that need no escape in a JSON string. */
export const PLAIN = new Uint8Array(256).fill(1, 0x20);
PLAIN[QUOTE] = PLAIN[BACKSLASH] = 0;

/** The character for each letter after a backslash; 0: none. */
export const ESCAPED = new Uint8Array(256);
for (const [letter, character] of ['""', "\\\\", "//", "b\b", "f\f", "n\n", "r\r", "t\t"]) {
  ESCAPED[letter!.charCodeAt(0)] = character!.charCodeAt(0);
}

/**
 * Returns the offset after JSON whitespace, except line feeds, which no line contains.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { afterBlanks } from "./json_bytes.ts";
 *
 * assert.equal(afterBlanks(new TextEncoder().encode(" \tx"), 0, 3), 2);
 * ```
 */
export function afterBlanks(bytes: Uint8Array, from: number, to: number): number {
  let p = from;
  while (p < to && (bytes[p] === 0x20 || bytes[p] === 0x09 || bytes[p] === 0x0d)) p++;
  return p;
}

/**
 * Returns the offset after the rest of a JSON string without escapes; -1: it is not one.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { afterString } from "./json_bytes.ts";
 *
 * assert.equal(afterString(new TextEncoder().encode('ab" '), 0, 4), 3);
 * ```
 */
export function afterString(bytes: Uint8Array, from: number, to: number): number {
  let p = from;
  while (p < to && PLAIN[bytes[p]!] === 1) p++;
  return p < to && bytes[p] === QUOTE ? p + 1 : -1;
}

/**
 * The value of four hexadecimal digits, or -1 if they are not.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { hexUnit } from "./json_bytes.ts";
 *
 * assert.equal(hexUnit(new TextEncoder().encode("00e9"), 0, 4), 0xe9);
 * assert.equal(hexUnit(new TextEncoder().encode("00g9"), 0, 4), -1);
 * ```
 */
export function hexUnit(bytes: Uint8Array, at: number, to: number): number {
  if (at + 4 > to) return -1;
  let unit = 0;
  for (let i = at; i < at + 4; i++) {
    const byte = bytes[i]!;
    const letter = byte | 0x20;
    if (byte >= 0x30 && byte <= 0x39) unit = unit * 16 + byte - 0x30;
    else if (letter >= 0x61 && letter <= 0x66) unit = unit * 16 + letter - 0x57;
    else return -1;
  }
  return unit;
}

/**
 * Writes a code point as UTF-8. Returns the offset after it.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { writeUtf8 } from "./json_bytes.ts";
 *
 * const out = new Uint8Array(4);
 * assert.equal(writeUtf8(out, 0, 0x1f600), 4);
 * assert.equal(new TextDecoder().decode(out), "😀");
 * ```
 */
export function writeUtf8(out: Uint8Array, at: number, codePoint: number): number {
  let p = at;
  if (codePoint < 0x80) {
    out[p++] = codePoint;
  } else if (codePoint < 0x800) {
    out[p++] = 0xc0 | (codePoint >> 6);
    out[p++] = 0x80 | (codePoint & 0x3f);
  } else {
    if (codePoint < 0x10000) {
      out[p++] = 0xe0 | (codePoint >> 12);
    } else {
      out[p++] = 0xf0 | (codePoint >> 18);
      out[p++] = 0x80 | ((codePoint >> 12) & 0x3f);
    }
    out[p++] = 0x80 | ((codePoint >> 6) & 0x3f);
    out[p++] = 0x80 | (codePoint & 0x3f);
  }
  return p;
}
