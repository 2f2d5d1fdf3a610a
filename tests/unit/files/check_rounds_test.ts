import assert from "node:assert/strict";
import { CheckRounds, type RoundResult } from "../../../src/files/check_rounds.ts";
import type { Check } from "../../../src/files/check_rounds.ts";
import { TaskTurns } from "../../../src/platform/task_turns.ts";
import { ManualClock } from "../../harness/manual_clock.ts";

/** Rounds through files whose checks take a millisecond each. */
function setUp(count: number) {
  const clock = new ManualClock();
  const turns = new TaskTurns(clock);
  const checked: string[] = [];
  const groups = Array.from({ length: count }, (_, i) =>
    new Set<Check>([(reason) => {
      checked.push(`${i} ${reason}`);
      clock.skip(1);
      return i === count - 1;
    }]));
  const rounds = new CheckRounds({ clock, turns, groups: () => groups });
  return { clock, groups, rounds, checks: () => checked.splice(0), turn: () => clock.advance(0) };
}

Deno.test("regression: a check of very many files held the event loop for all of them", () => {
  const { rounds, checks, turn } = setUp(10);
  const results: RoundResult[] = [];
  rounds.run("poll", (result) => void results.push(result));
  assert.equal(checks().length, 4);
  assert.deepEqual([results.length, rounds.isRunning("poll")], [0, true]);
  turn();
  assert.equal(checks().length, 4);
  turn();
  assert.deepEqual(checks(), ["8 poll", "9 poll"]);
  assert.deepEqual(results, [{ changed: true, spentMs: 10 }]);
  assert.equal(rounds.isRunning("poll"), false);
});

Deno.test("a file removed between two turns is not checked", () => {
  const { groups, rounds, checks, turn } = setUp(6);
  rounds.run("tick");
  checks();
  groups[4]?.clear();
  turn();
  assert.deepEqual(checks(), ["5 tick"]);
});

Deno.test("events that were lost during a round have all files checked once more", () => {
  const { clock, rounds, checks, turn } = setUp(6);
  rounds.runTick();
  rounds.runTick();
  rounds.runTick();
  while (clock.timers > 0) turn();
  assert.deepEqual(checks().filter((one) => one === "0 tick").length, 2);
  assert.equal(rounds.isRunning("tick"), false);
});

Deno.test("a check that throws ends no round", () => {
  const { clock, groups, rounds, checks, turn } = setUp(3);
  groups[0]?.clear();
  groups[0]?.add(() => {
    throw new Error("broken");
  });
  let isDone = false;
  assert.throws(() => rounds.run("tick", () => isDone = true), /broken/);
  while (clock.timers > 0) turn();
  assert.deepEqual(checks(), ["1 tick", "2 tick"]);
  assert.ok(isDone);
});

Deno.test("no file is a round, too", () => {
  const { rounds } = setUp(0);
  let isDone = false;
  rounds.run("tick", () => isDone = true);
  assert.ok(isDone);
});
