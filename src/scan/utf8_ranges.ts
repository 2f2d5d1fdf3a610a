/** A range of bytes, both ends inclusive. */
export type ByteRange = readonly [first: number, last: number];

/** The last code point of each UTF-8 length. */
const LAST_OF_LENGTH = [0x7f, 0x7ff, 0xffff, 0x10ffff] as const;

/**
 * The UTF-8 of the code points first to last (without surrogates) as sequences of byte ranges: a code point is in the
 * range exactly if its bytes fit one of the sequences, one byte per range. (The method of Russ Cox, "Regular Expression
 * Matching in the Wild", and of the Rust crate utf8-ranges.)
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { utf8Ranges } from "./utf8_ranges.ts";
 *
 * assert.deepEqual(utf8Ranges(0x61, 0x7a), [[[0x61, 0x7a]]]);
 * assert.deepEqual(utf8Ranges(0xe9, 0xe9), [[[0xc3, 0xc3], [0xa9, 0xa9]]]);
 * ```
 */
export function utf8Ranges(first: number, last: number): ByteRange[][] {
  if (first > last) return [];
  if (first < 0xd800 && last > 0xd7ff) {
    return [...utf8Ranges(first, 0xd7ff), ...utf8Ranges(Math.max(first, 0xd800), last)];
  }
  if (first >= 0xd800 && first <= 0xdfff) return utf8Ranges(0xe000, last);
  for (const limit of LAST_OF_LENGTH) {
    if (first <= limit && last > limit) {
      return [...utf8Ranges(first, limit), ...utf8Ranges(limit + 1, last)];
    }
  }
  if (last < 0x80) return [[[first, last]]];
  // Split until the continuation bytes after the first differing one span their whole range.
  for (let bits = 6; bits < 24; bits += 6) {
    const mask = (1 << bits) - 1;
    if ((first & ~mask) === (last & ~mask)) break;
    if ((first & mask) !== 0) {
      return [...utf8Ranges(first, first | mask), ...utf8Ranges((first | mask) + 1, last)];
    }
    if ((last & mask) !== mask) {
      return [...utf8Ranges(first, (last & ~mask) - 1), ...utf8Ranges(last & ~mask, last)];
    }
  }
  const low = encode(first);
  const high = encode(last);
  return [Array.from(low, (byte, i) => [byte, high[i]!] as const)];
}

function encode(codePoint: number): Uint8Array {
  return new TextEncoder().encode(String.fromCodePoint(codePoint));
}
