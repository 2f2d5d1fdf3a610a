/** A source that can be read at any offset: an open file, an inflated one, or bytes in memory. */
export interface ByteSource {
  /** Bytes. */
  readonly size: number;
  /** Reads at `offset` into the buffer and returns the number of bytes read (0: end). */
  readAt(offset: number, into: Uint8Array): number;
  /** Works towards fast reads at the offset. False: paused before it was done. */
  prepare?(offset: number, isPaused: () => boolean): boolean;
}

/**
 * A source of bytes in memory.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { inMemory } from "./byte_source.ts";
 *
 * const into = new Uint8Array(9);
 * assert.equal(inMemory(Uint8Array.of(1, 2, 3)).readAt(1, into), 2);
 * ```
 */
export function inMemory(bytes: Uint8Array): ByteSource {
  return {
    size: bytes.length,
    readAt(offset, into) {
      const part = bytes.subarray(offset, offset + into.length);
      into.set(part);
      return part.length;
    },
  };
}

/** Memory that is reused from one read to the next. Grows when needed. */
export interface ReadBuffer {
  bytes: Uint8Array;
}

/**
 * Makes the buffer hold at least `bytes`; its first `kept` bytes are preserved.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { reserve } from "./byte_source.ts";
 *
 * const buffer = { bytes: Uint8Array.of(1, 2, 3) };
 * reserve(buffer, 2, 4);
 * assert.deepEqual(buffer.bytes, Uint8Array.of(1, 2, 0, 0));
 * ```
 */
export function reserve(buffer: ReadBuffer, kept: number, bytes: number): void {
  if (buffer.bytes.length >= bytes) return;
  const grown = new Uint8Array(bytes);
  grown.set(buffer.bytes.subarray(0, kept));
  release(buffer);
  buffer.bytes = grown;
}

/**
 * Frees the buffer's memory at once, without waiting for garbage collection.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { release } from "./byte_source.ts";
 *
 * const buffer = { bytes: new Uint8Array(10) };
 * release(buffer);
 * assert.equal(buffer.bytes.length, 0);
 * ```
 */
export function release(buffer: ReadBuffer): void {
  const { bytes } = buffer;
  buffer.bytes = new Uint8Array(0);
  if (bytes.buffer instanceof ArrayBuffer && bytes.buffer.byteLength === bytes.length) {
    bytes.buffer.transfer(0);
  }
}
