import assert from "node:assert/strict";
import { release, reserve } from "../../../src/scan/byte_source.ts";

Deno.test("a buffer grows, keeps its content, and frees its former memory", () => {
  const buffer = { bytes: Uint8Array.of(1, 2, 3) };
  const before = buffer.bytes;
  reserve(buffer, 2, 3);
  assert.equal(buffer.bytes, before, "large enough");
  reserve(buffer, 2, 10);
  assert.equal(buffer.bytes.length, 10);
  assert.deepEqual([...buffer.bytes.subarray(0, 3)], [1, 2, 0]);
  assert.equal(before.byteLength, 0, "freed at once");
  release(buffer);
  assert.equal(buffer.bytes.length, 0);
});

Deno.test("memory that others use, too, is not freed", () => {
  const whole = Uint8Array.of(1, 2, 3, 4);
  const buffer = { bytes: whole.subarray(1, 3) };
  release(buffer);
  assert.deepEqual([...whole], [1, 2, 3, 4]);
});
