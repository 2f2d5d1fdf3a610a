import assert from "node:assert/strict";
import { utf8Ranges } from "../../../src/scan/utf8_ranges.ts";
import { Random, runSeed } from "../../harness/random.ts";

Deno.test("a code point is in the range exactly when its bytes fit a sequence", () => {
  const seed = runSeed();
  const random = new Random(seed);
  const edges = [0, 0x7f, 0x80, 0x7ff, 0x800, 0xd7ff, 0xe000, 0xffff, 0x10000, 0x10ffff];
  const point = () =>
    random.chance(0.5) ? random.pick(edges) : random.below(random.pick([0x100, 0x3000, 0x110000]));
  for (let round = 0; round < 300; round++) {
    const [first, last] = [point(), point()].sort((a, b) => a - b) as [number, number];
    const sequences = utf8Ranges(first, last);
    for (const tried of [first, last, first - 1, last + 1, ...Array.from({ length: 20 }, point)]) {
      if (tried < 0 || tried > 0x10ffff || (tried >= 0xd800 && tried <= 0xdfff)) continue;
      const bytes = new TextEncoder().encode(String.fromCodePoint(tried));
      const fits = sequences.filter((ranges) =>
        ranges.length === bytes.length &&
        ranges.every(([low, high], i) => bytes[i]! >= low && bytes[i]! <= high)
      );
      const isIn = tried >= first && tried <= last;
      assert.equal(fits.length, isIn ? 1 : 0, `seed ${seed}: ${tried} in ${first} to ${last}`);
    }
  }
  assert.deepEqual(utf8Ranges(2, 1), []);
});
