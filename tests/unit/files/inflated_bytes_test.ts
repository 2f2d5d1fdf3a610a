import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { gzipSync } from "node:zlib";
import { InflatedBytes } from "../../../src/files/inflated_bytes.ts";
import { Random, runSeed } from "../../harness/random.ts";

const WINDOW = 4 << 20;

class Compressed {
  bytesRead = 0;
  readonly size: number;
  constructor(readonly bytes: Uint8Array) {
    this.size = bytes.length;
  }
  readAt(offset: number, into: Uint8Array): number {
    const part = this.bytes.subarray(offset, offset + into.length);
    into.set(part);
    this.bytesRead += part.length;
    return part.length;
  }
}

/** Text that compresses to about a tenth. */
function text(random: Random, bytes: number): Uint8Array {
  const words = Array.from({ length: 200 }, () => random.below(2 ** 30).toString(36));
  let line = "";
  while (line.length < 100_000) line += `${random.pick(words)} `;
  const all = new Uint8Array(bytes);
  const part = new TextEncoder().encode(line);
  for (let at = 0; at < bytes; at += part.length) {
    part[random.below(part.length)] = 65 + random.below(26);
    all.set(part.subarray(0, bytes - at), at);
  }
  return all;
}

Deno.test("inflated bytes are read at any offset, of several members", () => {
  const seed = runSeed();
  const random = new Random(seed);
  const original = text(random, 40 << 20);
  const cut = random.below(original.length);
  const members = [original.subarray(0, cut), original.subarray(cut), new Uint8Array(0)];
  using bytes = new InflatedBytes(new Compressed(Buffer.concat(members.map((m) => gzipSync(m)))));
  for (let i = 0; i < 60; i++) {
    const at = random.pick([random.below(original.length), original.length - 10, WINDOW - 5]);
    const into = new Uint8Array(random.pick([1, 1000, 300_000]));
    const count = bytes.readAt(at, into);
    const expected = original.subarray(at, at + into.length);
    assert.ok(
      count === expected.length && Buffer.compare(into.subarray(0, count), expected) === 0,
      `SEED=${seed} ${at}`,
    );
  }
  assert.equal(bytes.size, original.length);
  assert.equal(bytes.readAt(original.length, new Uint8Array(1)), 0);
});

Deno.test("reading backward inflates everything about twice, not once for every window", () => {
  const original = text(new Random(1), 80 << 20);
  const file = new Compressed(gzipSync(original));
  using bytes = new InflatedBytes(file);
  const into = new Uint8Array(1 << 20);
  for (let end = bytes.size; end > 0; end -= into.length) {
    assert.equal(bytes.readAt(end - into.length, into), into.length);
    const expected = original.subarray(end - into.length, end);
    assert.ok(Buffer.compare(into, expected) === 0, `${end}`);
  }
  assert.ok(file.bytesRead < 3 * file.size, `${file.bytesRead} of ${file.size} bytes read`);
});

Deno.test("the bytes before the damage are available, even if the file is not gzip at all", () => {
  const original = text(new Random(2), 1 << 20);
  const good = gzipSync(original);
  using cut = new InflatedBytes(new Compressed(good.subarray(0, good.length >> 1)));
  assert.ok(cut.size > original.length / 4 && cut.size < original.length);
  const into = new Uint8Array(cut.size);
  assert.equal(cut.readAt(0, into), cut.size);
  assert.ok(Buffer.compare(into, original.subarray(0, cut.size)) === 0);
  using none = new InflatedBytes(new Compressed(new Uint8Array(1000).fill(7)));
  assert.equal(none.size, 0);
  using empty = new InflatedBytes(new Compressed(new Uint8Array(0)));
  assert.equal(empty.size, 0);
});

Deno.test("inflating pauses and continues where it stopped", () => {
  const original = text(new Random(3), 30 << 20);
  const file = new Compressed(gzipSync(original));
  using bytes = new InflatedBytes(file);
  let pauses = 0;
  let steps = 0;
  while (!bytes.prepare(Infinity, () => ++steps % 5 === 0)) pauses++;
  assert.ok(pauses > 5, `${pauses} pauses`);
  assert.equal(file.bytesRead, file.size);
  assert.equal(bytes.size, original.length);
});

Deno.test("a window is inflated in steps, too: what was inflated before a pause is not inflated again", () => {
  const original = text(new Random(4), 6 << 20);
  const file = new Compressed(gzipSync(original));
  using bytes = new InflatedBytes(file);
  let steps = 0;
  let pauses = 0;
  while (!bytes.prepare(WINDOW + 5, () => ++steps % 2 === 0)) pauses++;
  assert.ok(pauses > 20, `${pauses} pauses`);
  const before = file.bytesRead;
  assert.ok(before <= file.size, `${before} of ${file.size} bytes read`);
  const into = new Uint8Array(1000);
  assert.equal(bytes.readAt(WINDOW + 5, into), 1000);
  assert.ok(Buffer.compare(into, original.subarray(WINDOW + 5, WINDOW + 1005)) === 0);
  assert.equal(file.bytesRead, before);
});

Deno.test("the beginning of a text is found behind its NULs, in steps, and no more is inflated", () => {
  const seed = runSeed();
  const nuls = new Random(seed).below(20 << 20);
  const original = new Uint8Array(nuls + (40 << 20));
  original.set(text(new Random(5), 40 << 20), nuls);
  const file = new Compressed(gzipSync(original));
  using bytes = new InflatedBytes(file);
  let steps = 0;
  let found = bytes.prepareText(() => ++steps % 3 === 0);
  while (found === null) found = bytes.prepareText(() => ++steps % 3 === 0);
  assert.equal(found, nuls, `SEED=${seed}`);
  assert.ok(file.bytesRead < file.size / 4, `SEED=${seed} ${file.bytesRead} of ${file.size}`);
  using onlyNuls = new InflatedBytes(new Compressed(gzipSync(new Uint8Array(9 << 20))));
  assert.equal(onlyNuls.prepareText(() => false), 9 << 20);
});

Deno.test("the text's beginning and the end of its last line are found while it is inflated, wherever it was read before", () => {
  const seed = runSeed();
  const random = new Random(seed);
  for (let round = 0; round < 6; round++) {
    const original = text(random, 9 << 20);
    const nuls = random.pick([0, 1, random.below(5 << 20)]);
    const lineEnd = random.pick([0, original.length, nuls + random.below(original.length - nuls)]);
    original.fill(0, 0, nuls);
    if (lineEnd > nuls) original[lineEnd - 1] = 10;
    const expected = original.lastIndexOf(10) + 1;
    using bytes = new InflatedBytes(new Compressed(gzipSync(original)));
    const into = new Uint8Array(10);
    for (let i = random.below(4); i > 0; i--) bytes.readAt(random.below(original.length), into);
    const label = `SEED=${seed} round ${round}`;
    assert.equal(bytes.prepareText(() => false), nuls, label);
    assert.equal(bytes.size, original.length, label);
    assert.equal(bytes.lastLineEnd, expected, label);
  }
});

Deno.test("a file that inflates to a thousand times its size takes no more memory than another", () => {
  const file = new Compressed(gzipSync(new Uint8Array(64 << 20)));
  using bytes = new InflatedBytes(file);
  const into = new Uint8Array(1000);
  assert.equal(bytes.readAt(0, into), 1000);
  // A window, and what one step produces beyond it.
  assert.ok(file.bytesRead < file.size / 4, `${file.bytesRead} of ${file.size}`);
  assert.equal(bytes.size, 64 << 20);
});
