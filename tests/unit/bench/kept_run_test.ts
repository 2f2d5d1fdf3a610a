import assert from "node:assert/strict";
import { median, pairedRatio, peakOf, readRun } from "../../../bench/peers/kept_run.ts";
import { exampleRun } from "./example_run.ts";

Deno.test("a ratio is the median of the turns' ratios, which a slow turn does not move", () => {
  // In the second turn, the machine ran at a third of its speed for both servers.
  assert.equal(pairedRatio([10, 30, 11], [20, 60, 22]), 0.5);
  // The ratio of the medians would be 30 / 20.
  assert.equal(pairedRatio([30, 10, 31], [60, 20, 10]), 0.5);
});

Deno.test("a ratio takes the turns that both have", () => {
  assert.equal(pairedRatio([10, 10, 90], [20, 20]), 0.5);
  assert.ok(Number.isNaN(pairedRatio([], [1, 2])));
});

Deno.test("the median of an even number of values is between the middle ones", () => {
  assert.equal(median([4, 1, 3, 2]), 2.5);
  assert.equal(median([3, 1, 2]), 2);
  assert.ok(Number.isNaN(median([])));
});

Deno.test("a peak is that of the measures that are named", () => {
  const [server] = exampleRun({ agent: { a: [1], b: [1], c: [1] } }).servers;
  assert.equal(peakOf(server!, ["a", "b"]), 101);
  assert.ok(Number.isNaN(peakOf(server!, ["other"])));
});

Deno.test("a file that is no run of bench:peers is refused by its name", () => {
  const file = new URL("../../../deno.json", import.meta.url);
  assert.throws(() => readRun(file), /deno\.json is not a kept run of bench:peers/);
});
