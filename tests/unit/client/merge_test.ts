import assert from "node:assert/strict";
import { type MergeSource, RecordMerge } from "../../../src/client/merge.ts";
import { Random, runSeed } from "../../harness/random.ts";
import type { LogRecord } from "../../../src/generated/cluster_agent.ts";

function at(seconds: number): LogRecord {
  return { timestamp: { seconds: BigInt(seconds), nanos: 0 }, message: "", is_final: true };
}

/** A merge of sources a, b, …; emitted records are recorded as "a1". */
function merging(
  count: number,
  options: { direction?: "forward" | "backward"; live?: boolean; limit?: number } = {},
) {
  const emitted: string[] = [];
  const clock = { now: 0 };
  const merge = new RecordMerge({
    direction: options.direction ?? "forward",
    live: options.live ?? false,
    emit(record, name) {
      emitted.push(`${name}${record.timestamp?.seconds}`);
      return emitted.length !== options.limit;
    },
    onReleased: () => {},
    now: () => clock.now,
  });
  const rooms: string[] = [];
  const sources = Array.from({ length: count }, (_, i) => {
    const name = "abcdef"[i] ?? "";
    return merge.source(name, () => rooms.push(name));
  });
  return { merge, sources: sources as [MergeSource, ...MergeSource[]], emitted, clock, rooms };
}

Deno.test("logs are merged in the order of time, and nothing before all have spoken or ended", () => {
  const { sources: [a, b, c], emitted } = merging(3);
  a.add(at(1));
  a.add(at(4));
  b!.add(at(2));
  assert.deepEqual(emitted, []);
  c!.add(at(3));
  assert.deepEqual(emitted, ["a1", "b2"]);
  b!.end();
  assert.deepEqual(emitted, ["a1", "b2", "c3"]);
  c!.end();
  a.add(at(5));
  a.end();
  assert.deepEqual(emitted, ["a1", "b2", "c3", "a4", "a5"]);
});

Deno.test("backward the newest comes first", () => {
  const { sources: [a, b], emitted } = merging(2, { direction: "backward" });
  a.add(at(1));
  b!.add(at(2));
  a.end();
  b!.end();
  assert.deepEqual(emitted, ["b2", "a1"]);
});

Deno.test("equal times keep the order of each log", () => {
  const { sources: [a, b], emitted } = merging(2);
  for (const source of [a, b!]) for (const time of [1, 1]) source.add(at(time));
  a.end();
  b!.end();
  assert.deepEqual(emitted, ["a1", "a1", "b1", "b1"]);
});

Deno.test("nothing comes after enough", () => {
  const { sources: [a], emitted } = merging(1, { limit: 2 });
  for (const time of [1, 2, 3]) a.add(at(time));
  a.end();
  assert.deepEqual(emitted, ["a1", "a2"]);
});

Deno.test("a log that waits for another pauses at a bound and continues when there is room", () => {
  const { sources: [a, b], emitted, rooms } = merging(2);
  let taken = 0;
  while (a.add(at(taken)) && taken < 10_000) taken++;
  assert.ok(taken < 2000, `took ${taken}`);
  assert.deepEqual(rooms, []);
  b!.end();
  assert.deepEqual(rooms, ["a"]);
  assert.equal(emitted.length, taken + 1);
});

Deno.test("while following, a silent log does not hold back another, and order holds within the hold time", () => {
  const { merge, sources: [a, b], emitted, clock } = merging(2, { live: true });
  clock.now = 1000; // b has been silent for a long time.
  a.add(at(2));
  assert.deepEqual(emitted, [], "held for an earlier record of b");
  clock.now = 1010;
  b!.add(at(1));
  assert.deepEqual(emitted, ["b1"]);
  clock.now = 1200;
  a.add(at(3));
  assert.deepEqual(emitted, ["b1", "a2"], "held no longer than that");
  merge.close();
});

Deno.test("while following, records of many logs that came together are released together", () => {
  const { merge, sources, emitted, clock } = merging(6, { live: true });
  clock.now = 1000;
  for (const [i, source] of sources.entries()) if (i < 5) source.add(at(i));
  assert.deepEqual(emitted, []);
  clock.now = 1200;
  sources[0].add(at(9)); // makes the merge check again, as the timer would
  assert.deepEqual(emitted, ["a0", "b1", "c2", "d3", "e4"], "each held the next one for as long");
  merge.close();
});

Deno.test("a random interleaving comes out sorted", () => {
  const random = new Random(runSeed());
  const { sources, emitted } = merging(5);
  const clocks = sources.map(() => 0);
  for (let i = 0; i < 2000; i++) {
    const which = random.below(5);
    clocks[which]! += random.below(3);
    sources[which]!.add(at(clocks[which]!));
  }
  for (const source of sources) source.end();
  const times = emitted.map((text) => Number(text.slice(1)));
  assert.equal(times.length, 2000, `seed ${random.seed}`);
  assert.deepEqual(times, times.toSorted((x, y) => x - y), `seed ${random.seed}`);
});
