import assert from "node:assert/strict";
import { returnMemory } from "../../../src/platform/memory.ts";
import { MemoryReturn } from "../../../src/agent/memory_return.ts";

/**
 * Runs samples of resident memory, the first of which is left over from the start; a collection leaves `after`. Returns
 * the number of collections after each sample, excluding that of the start.
 */
function collections(samples: readonly number[], after: (resident: number) => number): number[] {
  let resident = samples[0]!;
  let hasStarted = false;
  let count = 0;
  using memory = new MemoryReturn({
    resident: () => resident,
    collect: () => {
      if (!hasStarted) return;
      count++;
      resident = after(resident);
    },
  });
  for (let sample = 0; sample < 2; sample++) memory.sample();
  hasStarted = true;
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

Deno.test("memory left over from the start is returned once, when memory has stopped growing", () => {
  let resident = 0;
  const returns: number[] = [];
  using memory = new MemoryReturn({
    resident: () => resident,
    collect: () => returns.push(resident),
  });
  for (resident of [66, 70, 70, 70, 70, 70, 70]) memory.sample();
  assert.deepEqual(returns, [70]);
});

Deno.test("an agent's memory is returned by a collection that V8 knows", () => {
  // Without --expose-gc there is nothing to call; an option unknown to V8 is a TypeError.
  assert.equal(typeof (globalThis as { gc?: unknown }).gc, "function");
  returnMemory();
});

Deno.test("a collection without effect is repeated later, at longer and longer intervals", () => {
  const samples = [100, ...Array.from({ length: 64 }, () => 200)];
  const counts = collections(samples, (bytes) => bytes);
  const at = counts.flatMap((count, index) => count > (counts[index - 1] ?? 0) ? [index] : []);
  assert.deepEqual(at, [2, 10, 26, 58]);
});

Deno.test("memory that was held is returned when it is free, though nothing grows", () => {
  let isHeld = true;
  const samples = [100, ...Array.from({ length: 20 }, () => 200)];
  const counts = collections(samples, (bytes) => {
    if (isHeld) {
      isHeld = false;
      return bytes;
    }
    return 100;
  });
  assert.ok(counts.at(-1)! >= 2);
});

Deno.test("high memory is collected while it grows, each time that it has grown by a tenth", () => {
  const mib = 1024 * 1024;
  const samples = [80, 200, 239, 260, 270, 280, 320].map((size) => size * mib);
  assert.deepEqual(collections(samples, (bytes) => bytes), [0, 0, 0, 1, 1, 1, 2]);
});
