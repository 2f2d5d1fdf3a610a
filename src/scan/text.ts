import { isAscii as isAsciiNatively, isUtf8 } from "node:buffer";

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();
/** Up to this length in bytes, examining a text here costs less than calling the platform. */
const MAX_SHORT_BYTES = 256;

/**
 * UTF-8 with U+FFFD for each maximal invalid part (WHATWG Encoding, "UTF-8 decoder").
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { repairUtf8 } from "./text.ts";
 *
 * assert.equal(new TextDecoder().decode(repairUtf8(Uint8Array.of(65, 0xff))), "A\ufffd");
 * ```
 */
export function repairUtf8(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return encoder.encode(decoder.decode(bytes));
}

/**
 * The end of text[start, end) without its trailing white space (Unicode property White_Space). Each such character
 * begins with a byte that ends any invalid sequence before it, so this also works for invalid UTF-8.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { trimmedEnd } from "./text.ts";
 *
 * const text = new TextEncoder().encode("a b \u2028\n");
 * assert.equal(trimmedEnd(text, 0, text.length), 3);
 * ```
 */
export function trimmedEnd(text: Uint8Array, start: number, end: number): number {
  let at = end;
  while (at > start) {
    const last = text[at - 1]!;
    if (last > 0x20 && last < 0x80) return at;
    if (last === 0x20 || (last >= 0x09 && last <= 0x0d)) at--;
    else if (at - start >= 2 && isSpaceOfTwo(text[at - 2]!, last)) at -= 2;
    else if (at - start >= 3 && isSpaceOfThree(text[at - 3]!, text[at - 2]!, last)) at -= 3;
    else return at;
  }
  return at;
}

/** U+0085, U+00A0 */
function isSpaceOfTwo(first: number, second: number): boolean {
  return first === 0xc2 && (second === 0x85 || second === 0xa0);
}

/** U+1680, U+2000 to U+200A, U+2028, U+2029, U+202F, U+205F, U+3000 */
function isSpaceOfThree(first: number, second: number, third: number): boolean {
  if (first === 0xe2) {
    return second === 0x80
      ? (third >= 0x80 && third <= 0x8a) || third === 0xa8 || third === 0xa9 || third === 0xaf
      : second === 0x81 && third === 0x9f;
  }
  return (first === 0xe1 && second === 0x9a && third === 0x80) ||
    (first === 0xe3 && second === 0x80 && third === 0x80);
}

/**
 * The last character boundary at or before `at` in valid UTF-8, but after `start`: if a single character is longer than
 * that, its end.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { characterStart } from "./text.ts";
 *
 * assert.equal(characterStart(new TextEncoder().encode("aé"), 0, 2), 1);
 * ```
 */
export function characterStart(text: Uint8Array, start: number, at: number): number {
  let cut = at;
  while (cut > start && (text[cut]! & 0xc0) === 0x80) cut--;
  if (cut > start) return cut;
  cut = start + 1;
  while (cut < text.length && (text[cut]! & 0xc0) === 0x80) cut++;
  return cut;
}

/**
 * Whether text[start, end) is ASCII only.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { isAscii } from "./text.ts";
 *
 * const text = new TextEncoder().encode("aé");
 * assert.ok(isAscii(text, 0, 1));
 * assert.ok(!isAscii(text, 0, text.length));
 * ```
 */
export function isAscii(text: Uint8Array, start: number, end: number): boolean {
  if (end - start > MAX_SHORT_BYTES) return isAsciiNatively(text.subarray(start, end));
  let all = 0;
  for (let i = start; i < end; i++) all |= text[i]!;
  return all < 0x80;
}

/**
 * The end of text[start, end) without an incomplete character at its end. Nothing is omitted if nothing would be left.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { wholeCharacters } from "./text.ts";
 *
 * const text = new TextEncoder().encode("aé").subarray(0, 2);
 * assert.equal(wholeCharacters(text, 0, 2), 1);
 * ```
 */
export function wholeCharacters(text: Uint8Array, start: number, end: number): number {
  for (let at = end - 1; at > start && at >= end - 3; at--) {
    const byte = text[at]!;
    if (byte < 0x80) return end;
    if (byte >= 0xc0) {
      const length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
      return at + length > end ? at : end;
    }
  }
  return end;
}

/**
 * Where the first record of text[start, end) ends if a record holds `max` bytes of valid UTF-8: at a character
 * boundary, with each maximal invalid part counted as the three bytes of the U+FFFD that replaces it. At least one
 * character.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { recordEnd } from "./text.ts";
 *
 * assert.equal(recordEnd(new TextEncoder().encode("aéb"), 0, 4, 2), 1);
 * ```
 */
export function recordEnd(text: Uint8Array, start: number, end: number, max: number): number {
  const limit = Math.min(start + max, end);
  const cut = limit === end ? end : characterStart(text.subarray(0, end), start, limit);
  // Text that is valid up to there is as long as its encoding. If it is invalid, what follows may still fit.
  const isValid = isUtf8(text.subarray(start, cut));
  let at = isValid ? cut : start;
  let encoded = at - start;
  while (at < end) {
    const length = partLength(text, at, end);
    encoded += length > 0 ? length : 3;
    if (encoded > max && at > start) return at;
    at += Math.abs(length);
  }
  return end;
}

/**
 * How many bytes the character at `at` has; negative if they are a maximal invalid part (Unicode, "U+FFFD substitution
 * of maximal subparts").
 */
function partLength(text: Uint8Array, at: number, end: number): number {
  const first = text[at]!;
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return -1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  let low = 0x80;
  let high = 0xbf;
  if (first === 0xe0) low = 0xa0;
  else if (first === 0xed) high = 0x9f;
  else if (first === 0xf0) low = 0x90;
  else if (first === 0xf4) high = 0x8f;
  for (let i = 1; i < length; i++) {
    const byte = at + i < end ? text[at + i]! : 0;
    if (byte < low || byte > high) return -i;
    low = 0x80;
    high = 0xbf;
  }
  return length;
}
