import assert from "node:assert/strict";
import { ByteSet } from "../../../src/scan/byte_set.ts";
import { Random, runSeed } from "../../harness/random.ts";

/** A random set, and the set of numbers that it should equal. */
function randomSet(random: Random): { readonly set: ByteSet; readonly reference: Set<number> } {
  const set = new ByteSet();
  const reference = new Set<number>();
  for (let step = random.below(6); step > 0; step--) {
    const first = random.below(256);
    const last = random.between(first, Math.min(255, first + 40));
    set.addRange(first, last);
    for (let byte = first; byte <= last; byte++) reference.add(byte);
    const gone = random.below(256);
    set.delete(gone);
    reference.delete(gone);
  }
  return { set, reference };
}

Deno.test("a set of bytes holds what a Set of numbers holds", () => {
  const seed = runSeed();
  console.log(`SEED=${seed}`);
  const random = new Random(seed);
  for (let round = 0; round < 200; round++) {
    const [a, b] = [randomSet(random), randomSet(random)];
    const sorted = [...a.reference].sort((x, y) => x - y);
    assert.deepEqual(a.set.bytes(), sorted);
    assert.deepEqual(
      [...a.set.table().entries()].filter(([, is]) => is === 1).map(([n]) => n),
      sorted,
    );
    assert.equal(a.set.isEmpty, sorted.length === 0);
    assert.deepEqual(
      a.set.union(b.set).bytes(),
      [...a.reference.union(b.reference)].sort((x, y) => x - y),
    );
    assert.deepEqual(ByteSet.of(...sorted).bytes(), sorted);
  }
});

Deno.test("a table is the caller's own", () => {
  const set = ByteSet.range(0x61, 0x63);
  set.table()[0x61] = 0;
  assert.ok(set.has(0x61));
});

Deno.test("rare bytes are more selective than common ones, and a byte more makes a set less so", () => {
  const of = (text: string) => ByteSet.of(...new TextEncoder().encode(text));
  assert.ok(of("e").selectivity < of("z").selectivity);
  assert.ok(of("z").selectivity < of("{").selectivity);
  assert.ok(Math.abs(ByteSet.range(0, 255).selectivity) < 1e-9);
  const growing = of("z");
  const before = growing.selectivity;
  growing.addRange(0x61, 0x61);
  assert.ok(growing.selectivity < before, "kept from before it grew");
  growing.delete(0x61);
  assert.equal(growing.selectivity, before);
});
