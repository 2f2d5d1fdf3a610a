import assert from "node:assert/strict";
import { frames } from "../../../src/local_search/decode_frames.ts";
import { Random, runSeed } from "../../harness/random.ts";

Deno.test("the messages of a chunk of gRPC frames are those that were written, views of its bytes", () => {
  const seed = runSeed();
  console.log(`SEED=${seed}`);
  const random = new Random(seed);
  for (let round = 0; round < 100; round++) {
    const messages = Array.from({ length: random.below(20) }, () => random.bytes(0, 400));
    const chunk = new Uint8Array(messages.reduce((sum, { length }) => sum + 5 + length, 0) + 8);
    const offset = 8; // The chunk need not begin at the start of its buffer.
    let at = offset;
    for (const message of messages) {
      new DataView(chunk.buffer).setUint32(at + 1, message.length);
      chunk.set(message, at + 5);
      at += 5 + message.length;
    }
    const found = [...frames(chunk.subarray(offset))];
    assert.deepEqual(found.map((one) => [...one]), messages.map((one) => [...one]), `SEED=${seed}`);
    assert.ok(found.every(({ buffer }) => buffer === chunk.buffer));
  }
});
