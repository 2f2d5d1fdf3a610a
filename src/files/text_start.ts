import { Buffer } from "node:buffer";
import type { ByteSource } from "../scan/time_window.ts";

/**
 * In more NULs than this, the end is found by bisection. Reading this many takes half a millisecond of one event loop
 * turn.
 */
const MAX_SEARCHED_NULS = 4 * 1024 * 1024;
const BLOCK_BYTES = 64 * 1024;
const nuls = new Uint8Array(BLOCK_BYTES);

/**
 * The offset of the first byte that is not NUL. In more than MAX_SEARCHED_NULS NULs (a writer that kept a very large
 * offset), it is found by bisection, which assumes that they are followed by a single text.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { Buffer } from "node:buffer";
 * import { textStart } from "./text_start.ts";
 *
 * const bytes = Buffer.of(0, 0, 0, 65);
 * const readAt = (offset: number, into: Uint8Array) => bytes.copy(into, 0, offset);
 * const source = { size: bytes.length, readAt };
 * assert.equal(textStart(source), 3);
 * ```
 */
export function textStart(source: ByteSource): number {
  const first = new Uint8Array(1);
  if (source.readAt(0, first) === 0 || first[0] !== 0) return 0;
  const block = new Uint8Array(BLOCK_BYTES);
  for (let offset = 0;;) {
    const count = source.readAt(offset, block);
    const at = firstNotNul(block.subarray(0, count));
    if (at < count || count < block.length) return offset + at;
    offset += count;
    if (offset % MAX_SEARCHED_NULS === 0) offset = bisectNuls(source, offset, block.length);
  }
}

/**
 * Whether the text of a source that was found to begin at `start` still does not begin earlier. Checks the NULs at both
 * ends of their run: text that is written meanwhile begins at the beginning of the file, or continues up to `start`.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { Buffer } from "node:buffer";
 * import { isBehindNuls } from "./text_start.ts";
 *
 * const bytes = Buffer.of(0, 0, 0, 65);
 * const readAt = (offset: number, into: Uint8Array) => bytes.copy(into, 0, offset);
 * const source = { size: bytes.length, readAt };
 * assert.ok(isBehindNuls(source, 3));
 * assert.ok(!isBehindNuls(source, 4));
 * ```
 */
export function isBehindNuls(source: ByteSource, start: number): boolean {
  if (start === 0) return true;
  const first = new Uint8Array(1);
  if (source.readAt(0, first) === 0 || first[0] !== 0) return false;
  const last = new Uint8Array(Math.min(start, BLOCK_BYTES));
  const count = source.readAt(start - last.length, last);
  return count === last.length && firstNotNul(last) === count;
}

/** An offset after `low`, at most `step` before the end of the NULs. */
function bisectNuls(source: ByteSource, from: number, step: number): number {
  const byte = new Uint8Array(1);
  let low = from;
  let high = source.size;
  while (high - low > step) {
    const middle = low + Math.floor((high - low) / 2);
    if (source.readAt(middle, byte) === 1 && byte[0] === 0) low = middle;
    else high = middle;
  }
  return low;
}

function firstNotNul(bytes: Uint8Array): number {
  // A native comparison takes a quarter of the time: megabytes may be read in one turn of the event loop, for each file
  // of a log.
  if (bytes.length === nuls.length && Buffer.compare(bytes, nuls) === 0) return bytes.length;
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  let word = 0;
  while (word < words.length && words[word] === 0) word++;
  let at = word * 4;
  while (at < bytes.length && bytes[at] === 0) at++;
  return at;
}
