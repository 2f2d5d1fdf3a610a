import assert from "node:assert/strict";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import { writeVarint } from "../../../src/scan/varint.ts";

Deno.test("a varint matches what the protobuf library writes, and its end is returned", () => {
  for (const value of [0, 1, 127, 128, 300, 2 ** 31 - 1, 2 ** 31, 2 ** 53 - 1, -1, -(2 ** 40)]) {
    const expected = new BinaryWriter().int64(BigInt(value)).finish();
    const bytes = new Uint8Array(16);
    const end = writeVarint(bytes, 2, value);
    assert.deepEqual(bytes.subarray(2, end), new Uint8Array(expected), String(value));
  }
});
