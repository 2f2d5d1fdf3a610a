import assert from "node:assert/strict";
import { returnMemory } from "../../../src/platform/memory.ts";
import { MemoryReturn } from "../../../src/agent/memory_return.ts";

/** Runs samples of resident memory; a collection leaves `after`. Returns the number of collections after each sample. */
function collections(samples: readonly number[], after: (resident: number) => number): number[] {
  let resident = 0;
  let count = 0;
  using memory = new MemoryReturn({
    resident: () => resident,
    collect: () => {
      count++;
      resident = after(resident);
    },
  });
  return samples.map((sample) => {
    resident = sample;
    memory.sample();
    return count;
  });
}

Deno.test("collects once memory is well above its least and has stopped growing", () => {
  assert.deepEqual(collections([100, 150, 200, 200, 100], () => 100), [0, 0, 0, 1, 1]);
});

Deno.test("memory near its least is left alone", () => {
  assert.deepEqual(collections([100, 105, 105, 109, 109], () => 100), [0, 0, 0, 0, 0]);
});

Deno.test("a collection without effect is not repeated until memory has grown", () => {
  assert.deepEqual(collections([100, 200, 200, 200, 200, 250, 250], (bytes) => bytes), [
    0,
    0,
    1,
    1,
    1,
    1,
    2,
  ]);
});

Deno.test("what the start has left is returned once, when memory has stopped growing", () => {
  let resident = 0;
  const returns: number[] = [];
  using memory = new MemoryReturn({
    resident: () => resident,
    collect: () => {},
    returnAll: () => returns.push(resident),
  });
  for (resident of [50, 70, 70, 70, 200, 200]) memory.sample();
  assert.deepEqual(returns, [70]);
});

Deno.test("an agent's memory is returned by a collection that V8 knows", () => {
  // Without --expose-gc there is nothing to call; an option that V8 does not know is a TypeError.
  assert.equal(typeof (globalThis as { gc?: unknown }).gc, "function");
  returnMemory();
});
