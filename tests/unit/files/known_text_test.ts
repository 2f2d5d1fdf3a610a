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
