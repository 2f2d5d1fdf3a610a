import assert from "node:assert/strict";
import { locateWindow } from "../../../src/pool/locate_window.ts";
import { Random, runSeed } from "../../harness/random.ts";
import { cri, MemorySource } from "./log_pieces.ts";

const BEGAN = 1_700_000_000;
const at = (second: number) => ({ seconds: BEGAN + second, nanos: 123_456_000 });

/** Offsets at which the lines begin, and the end. */
function boundaries(lines: readonly string[]): number[] {
  let at = 0;
  return [0, ...lines.map((line) => at += line.length)];
}

Deno.test("the bounds are those of the lines whose times lie in the window, as counted one by one", async () => {
  const seed = runSeed();
  console.log(`SEED=${seed}`);
  const random = new Random(seed);
  for (let round = 0; round < 50; round++) {
    const count = random.between(1, 400);
    // Lines may be out of order by a second: they are written apart by more.
    const lines = Array.from(
      { length: count },
      (_, i) => cri("x".repeat(random.below(300)), i * 3),
    );
    const source = new MemorySource(new TextEncoder().encode(lines.join("")));
    const offsets = boundaries(lines);
    const [a, b] = [random.below(count * 3), random.below(count * 3)];
    const start = random.chance(0.2) ? null : at(Math.min(a, b));
    const stop = random.chance(0.2) ? null : at(Math.max(a, b));
    const first = start === null ? 0 : Math.ceil((start.seconds - BEGAN) / 3);
    const beyond = stop === null ? count : Math.floor((stop.seconds - BEGAN) / 3) + 1;
    const bounds = await locateWindow(
      source,
      { format: "cri", window: { start, stop } },
      () => null,
    );
    const label = `SEED=${seed} round ${round}`;
    assert.equal(bounds.to, offsets[beyond], label);
    // A line so much earlier that it may be out of order belongs to what is read.
    assert.ok(bounds.from <= offsets[first]! && offsets.includes(bounds.from), label);
    assert.ok(bounds.from >= offsets[Math.max(0, first - 1)]!, label);
  }
});
