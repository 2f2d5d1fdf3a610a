import { Buffer } from "node:buffer";

const LF = 0x0a;

/**
 * Parses lines. The parts of the most recently parsed line are fields of the parser, so no object is created per line.
 */
export interface LineParser {
  /** Whole seconds since the epoch, and 0..999,999,999 nanoseconds. */
  readonly seconds: number;
  readonly nanos: number;
  /** Whether the record ends a line of the program that wrote it. */
  readonly isFinal: boolean;
  /**
   * The message without its newline, before trailing white space is trimmed: `text[start, end)`, UTF-8 that may be
   * invalid. Valid until the next parse.
   */
  readonly text: Uint8Array;
  readonly start: number;
  readonly end: number;
  /**
   * Parses the line `bytes[from, to)`, which does not end with a newline. Leading NULs are skipped: they are left by a
   * crash, or by a truncation under a writer that kept its offset. False: malformed.
   */
  parse(bytes: Uint8Array, from: number, to: number): boolean;
}

/**
 * The offset of the first LF in bytes[from, to), or `to`. `bytes` must end at `to`.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { lineEnd } from "./lines.ts";
 *
 * assert.equal(lineEnd(new TextEncoder().encode("ab\ncd"), 0, 5), 2);
 * assert.equal(lineEnd(new TextEncoder().encode("ab\ncd"), 3, 5), 5);
 * ```
 */
export function lineEnd(bytes: Uint8Array, from: number, to: number): number {
  const at = bytes.indexOf(LF, from);
  return at < 0 ? to : at;
}

/**
 * Where the line begins that ends at `end` (the offset of its LF, or the end of the bytes).
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { lineStart } from "./lines.ts";
 *
 * assert.equal(lineStart(new TextEncoder().encode("ab\ncd"), 0, 5), 3);
 * ```
 */
export function lineStart(bytes: Uint8Array, from: number, end: number): number {
  if (end <= from) return from;
  const at = bytes.lastIndexOf(LF, end - 1);
  return at < from ? from : at + 1;
}

/**
 * The offset of the first byte in bytes[from, to) that is not NUL, or `to`.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { afterNuls } from "./lines.ts";
 *
 * assert.equal(afterNuls(Uint8Array.of(0, 0, 65), 0, 3), 2);
 * ```
 */
export function afterNuls(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && bytes[at] === 0) at++;
  return at;
}

const zeros = new Uint8Array(64 * 1024);

/**
 * The same for a long run: as fast as comparing memory.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { firstNonNul } from "./lines.ts";
 *
 * assert.equal(firstNonNul(Uint8Array.of(0, 0, 65)), 2);
 * ```
 */
export function firstNonNul(bytes: Uint8Array): number {
  let at = 0;
  while (at < bytes.length) {
    const part = bytes.subarray(at, at + zeros.length);
    if (Buffer.compare(part, zeros.subarray(0, part.length)) !== 0) {
      return afterNuls(bytes, at, bytes.length);
    }
    at += part.length;
  }
  return at;
}
