import assert from "node:assert/strict";
import { inMemory } from "../../../src/scan/byte_source.ts";
import { BLOCK_BYTES, SourceWindow } from "../../../src/scan/source_window.ts";
import { Random, runSeed } from "../../harness/random.ts";

/** NULs, letters and line feeds, each in runs. */
function randomBytes(random: Random): Uint8Array {
  const parts: number[] = [];
  for (let i = random.below(12); i >= 0; i--) {
    const byte = random.pick([0, 10, 65]);
    const length = random.pick([1, 2, 5, 4095, 4096, 4097, 9000]);
    for (let k = 0; k < length; k++) parts.push(byte);
  }
  return Uint8Array.from(parts);
}

Deno.test("lines and NULs are found as in the whole text, wherever the window stands", async () => {
  const seed = runSeed();
  const random = new Random(seed);
  for (let round = 0; round < 60; round++) {
    const bytes = randomBytes(random);
    const window = new SourceWindow(inMemory(bytes), { from: 0, to: bytes.length }, () => null);
    for (let i = 0; i < 20; i++) {
      const at = random.below(bytes.length + 1);
      const before = at + random.below(bytes.length + 1 - at);
      const label = `SEED=${seed} round ${round}: ${at}, ${before} of ${bytes.length}`;
      const lf = bytes.indexOf(10, at);
      const after = lf < 0 || lf + 1 > before ? before : lf + 1;
      assert.equal(await window.lineAfter(at, before), at < before ? after : before, label);
      assert.equal(await window.lineStart(at), bytes.subarray(0, at).lastIndexOf(10) + 1, label);
      const text = bytes.subarray(at, before).findIndex((byte) => byte !== 0);
      const found = await window.afterNuls(at, before);
      if (text >= 0) assert.equal(found, at + text, label);
      else assert.ok(found >= before, label);
    }
  }
});

Deno.test("however long a run is, a block is read between two turns, and each byte once", async () => {
  const size = 64 * 2 ** 20;
  for (const byte of [0, 65]) {
    let [read, sinceTurn, most] = [0, 0, 0];
    const source = {
      size,
      readAt(_offset: number, into: Uint8Array) {
        into.fill(byte);
        read += into.length;
        sinceTurn += into.length;
        most = Math.max(most, sinceTurn);
        return into.length;
      },
    };
    const window = new SourceWindow(source, { from: 0, to: size }, () => {
      sinceTurn = 0;
      return null;
    });
    if (byte === 0) assert.equal(await window.afterNuls(0, size), size);
    assert.equal(await window.lineAfter(0, size), size);
    assert.equal(await window.lineStart(size), 0);
    assert.ok(most <= 2 * BLOCK_BYTES, `${most} bytes between two turns`);
    assert.ok(read <= 3.1 * size, `${read} bytes read`);
  }
});

Deno.test("a file that has become shorter ends the search", async () => {
  const window = new SourceWindow(inMemory(new Uint8Array(5)), { from: 0, to: 100 }, () => null);
  assert.equal(window.load(0, 100), 5);
  assert.equal(await window.lineAfter(0, 100), 100);
  assert.equal(await window.afterNuls(0, 100), 100);
});
