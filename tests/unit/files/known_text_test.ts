import assert from "node:assert/strict";
import {
  isIntact,
  type KnownText,
  readGrowth,
  unknownText,
} from "../../../src/files/known_text.ts";
import { Random, runSeed } from "../../harness/random.ts";

class GrowingSource {
  bytes = new Uint8Array(0);

  get size(): number {
    return this.bytes.length;
  }

  readAt(offset: number, into: Uint8Array): number {
    const part = this.bytes.subarray(offset, offset + into.length);
    into.set(part);
    return part.length;
  }

  append(text: string): void {
    const more = new TextEncoder().encode(text);
    const grown = new Uint8Array(this.bytes.length + more.length);
    grown.set(this.bytes);
    grown.set(more, this.bytes.length);
    this.bytes = grown;
  }
}

Deno.test("random growth: the whole lines are known, and every change of the known end is noticed", () => {
  const seed = runSeed();
  const random = new Random(seed);
  for (let round = 0; round < 50; round++) {
    const source = new GrowingSource();
    let known: KnownText = unknownText;
    let counter = 0;
    for (let step = 0; step < 20; step++) {
      const parts = Array.from(
        { length: random.between(1, 5) },
        () => `${counter++} ${"x".repeat(random.below(random.pick([10, 1000, 100_000])))}`,
      );
      source.append(parts.join("\n") + (random.chance(0.5) ? "\n" : ""));
      const growth = readGrowth(source, known, source.size);
      assert.ok(growth !== null, `seed ${seed}`);
      const committed = source.bytes.lastIndexOf(10) + 1;
      assert.equal(growth.text.committed, committed, `seed ${seed}, round ${round}`);
      if (growth.lines !== null) {
        const expected = source.bytes.subarray(known.committed, committed);
        assert.deepEqual(growth.lines, expected, `seed ${seed}, round ${round}`);
      }
      known = growth.text;
    }
    assert.ok(isIntact(source, known));
    const regrown = new GrowingSource();
    regrown.append("y".repeat(source.size));
    assert.ok(!isIntact(regrown, known), `seed ${seed}`);
    regrown.bytes = source.bytes.subarray(0, known.committed - 1);
    assert.ok(!isIntact(regrown, known), "the source is shorter");
  }
});

Deno.test("an unterminated run held the event loop: it is read on in steps, each byte once", () => {
  const size = 100 * 2 ** 20;
  let read = 0;
  const source = {
    size,
    readAt(offset: number, into: Uint8Array) {
      into.fill(0x78);
      if (offset < 6) {
        into.set(new TextEncoder().encode("first\n").subarray(offset, offset + into.length));
      }
      read += into.length;
      return into.length;
    },
  };
  let known = unknownText;
  let steps = 0;
  for (; known.seen < size; steps++) {
    const before = read;
    known = readGrowth(source, known, size, { whole: false })?.text ?? assert.fail("changed");
    assert.ok(read - before < 20 * 2 ** 20, `${read - before} bytes in a step`);
  }
  assert.equal(known.committed, 6);
  assert.ok(steps > 10 && read < 3 * size, `${steps} steps, ${read} bytes`);
});

Deno.test("regression: of a file that began with NULs and was rewritten while it was first read, the new text was read from behind them", () => {
  for (let reads = 0; reads < 3; reads++) {
    const source = new GrowingSource();
    source.append("\0".repeat(40) + "2024-10-01T05:00:01Z stdout F one\n");
    const { size } = source;
    const rewritten = {
      size,
      readAt(offset: number, into: Uint8Array): number {
        const count = source.readAt(offset, into);
        if (left-- === 0) {
          source.bytes = new Uint8Array(0);
          source.append("2024-10-01T05:00:02Z stdout F " + "x".repeat(size));
        }
        return count;
      },
    };
    let left = reads;
    const growth = readGrowth(rewritten, unknownText, size);
    assert.ok(growth === null || growth.text.start === 0, `after ${reads} reads`);
  }
});

Deno.test("NULs that become more while a file is first read are no other text", () => {
  const source = new GrowingSource();
  source.append("\0".repeat(40));
  let reads = 0;
  const growing = {
    size: 40,
    readAt(offset: number, into: Uint8Array): number {
      const count = source.readAt(offset, into);
      if (++reads === 3) source.append("\0");
      return count;
    },
  };
  assert.equal(readGrowth(growing, unknownText, 40)?.text.start, 40);
});
