/**
 * Writes a protobuf varint of an integer at an offset, as the protobuf encoding defines int64; a negative one takes ten
 * bytes of two's complement. Returns the offset after it. The buffer must have room.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { writeVarint } from "./varint.ts";
 *
 * const bytes = new Uint8Array(4);
 * assert.equal(writeVarint(bytes, 1, 300), 3);
 * assert.deepEqual([...bytes], [0, 0xac, 2, 0]);
 * ```
 */
export function writeVarint(out: Uint8Array, at: number, value: number): number {
  let p = at;
  if (value < 0) {
    let rest = BigInt.asUintN(64, BigInt(value));
    while (rest > 127n) {
      out[p++] = Number(rest & 127n) | 128;
      rest >>= 7n;
    }
    out[p++] = Number(rest);
    return p;
  }
  let rest = value;
  while (rest > 0x7fff_ffff) {
    out[p++] = (rest % 128) | 128;
    rest = Math.floor(rest / 128);
  }
  while (rest > 127) {
    out[p++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  out[p++] = rest;
  return p;
}
