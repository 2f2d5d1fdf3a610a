import assert from "node:assert/strict";
import { TaskTurns } from "../../../src/platform/task_turns.ts";
import { ManualClock } from "../../harness/manual_clock.ts";

function setUp() {
  const clock = new ManualClock();
  const turns = new TaskTurns(clock);
  const ran: string[] = [];
  /** A task that takes the given milliseconds. */
  const task = (name: string, ms: number) => () => {
    ran.push(name);
    clock.skip(ms);
  };
  /** The next turn of the event loop: runs what is due in it. Returns what has run since the last call. */
  const turn = () => {
    clock.advance(0);
    return ran.splice(0);
  };
  return { clock, turns, task, turn, ran: () => ran.splice(0) };
}

Deno.test("a task runs at once if there is time, and no timer is left", () => {
  const { clock, turns, task, ran } = setUp();
  for (const name of ["a", "b", "c"]) turns.run(task(name, 1));
  assert.deepEqual(ran(), ["a", "b", "c"]);
  assert.equal(clock.timers, 0);
});

Deno.test("regression: the timers of many logs that fell due together held the event loop for all of them", () => {
  const { clock, turns, task, turn, ran } = setUp();
  for (let i = 0; i < 10; i++) turns.run(task(`${i}`, 2));
  assert.deepEqual(ran(), ["0", "1"]);
  assert.equal(turns.waiting, 8);
  assert.deepEqual(turn(), ["2", "3"]);
  turns.run(task("late", 2));
  assert.deepEqual([turn(), turn(), turn()], [["4", "5"], ["6", "7"], ["8", "9"]]);
  assert.deepEqual(turn(), ["late"], "in order");
  assert.equal(clock.timers, 0);
});

Deno.test("a later turn has time of its own", () => {
  const { clock, turns, task, ran } = setUp();
  turns.run(task("a", 5));
  clock.skip(1);
  turns.run(task("b", 5));
  assert.deepEqual(ran(), ["a", "b"]);
});

Deno.test("a task that asks for time between its steps sees when there is none left, however deep it is called", () => {
  const { clock, turns, turn } = setUp();
  let steps = 0;
  const task = () => {
    while (turns.hasTime()) {
      steps++;
      turns.run(() => clock.skip(1));
      if (steps > 100) assert.fail("it has all the time");
    }
  };
  turns.run(task);
  assert.equal(steps, 4);
  clock.skip(1);
  turns.run(task);
  turn();
  assert.equal(steps, 8);
});

Deno.test("one that waits is not added again; one that throws keeps no other one from its turn", () => {
  const { turns, task, turn, ran } = setUp();
  turns.run(task("first", 4));
  const twice = task("twice", 1);
  turns.run(() => {
    throw new Error("broken");
  });
  turns.run(twice);
  turns.run(twice);
  assert.deepEqual(ran(), ["first"]);
  assert.throws(turn, /broken/);
  assert.deepEqual(turn(), ["twice"]);
});

Deno.test("of tasks that are cheaper now than later the first runs before all that waits, the others as there is time", () => {
  const { turns, task, turn, ran } = setUp();
  turns.run(task("long", 4));
  turns.run(task("waits", 1));
  turns.runAll([task("a", 1), task("b", 1)]);
  assert.deepEqual(ran(), ["long", "a"]);
  assert.deepEqual(turn(), ["waits", "b"]);
  turns.runAll([]);
});

Deno.test("once closed, it runs nothing and has no timer", () => {
  const { clock, turns, task, turn, ran } = setUp();
  turns.run(task("first", 4));
  turns.run(task("waits", 1));
  turns.close();
  turns.run(task("comes", 1));
  assert.deepEqual(ran(), ["first"]);
  assert.equal(clock.timers, 0);
  assert.deepEqual(turn(), []);
});

Deno.test("regression: turns that followed each other closely counted as one, and a single reader had to wait", async () => {
  const clock = new ManualClock();
  const turns = new TaskTurns(clock);
  let ran = 0;
  for (let i = 0; i < 10; i++) {
    turns.run(() => {
      ran++;
      clock.skip(1);
    });
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.equal(ran, 10);
});

Deno.test("eager tasks run in the very next turn, as long as they are requested", async () => {
  const clock = new ManualClock();
  const turns = new TaskTurns(clock, { turnMs: 2, isEager: true });
  let ran = 0;
  for (let i = 0; i < 10; i++) {
    turns.run(() => {
      ran++;
      clock.skip(1);
    });
  }
  assert.equal(ran, 2);
  assert.equal(clock.timers, 0);
  while (turns.waiting > 0) {
    const before: number = ran;
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(ran - before <= 4, "two turns at most between two looks");
  }
  assert.equal(ran, 10);
  turns.run(() => clock.skip(5));
  turns.run(() => assert.fail("closed"));
  turns.close();
  await new Promise((resolve) => setImmediate(resolve));
});

/** Steps of a millisecond each, and then their number. */
function* stepsOf(clock: ManualClock, count: number): Generator<void, number> {
  for (let i = 0; i < count; i++) {
    clock.skip(1);
    yield;
  }
  return count;
}

Deno.test("steps that this turn has time for give their result at once, more of them a promise of it", async () => {
  const { clock, turns, turn } = setUp();
  assert.equal(turns.runSteps(stepsOf(clock, 3)), 3);
  clock.skip(1);
  const late = turns.runSteps(stepsOf(clock, 10));
  assert.ok(late instanceof Promise);
  let others = 0;
  for (; turns.waiting > 0; others++) turn();
  assert.equal(others, 2, "turns for others");
  assert.equal(await late, 10);
});

Deno.test("an error of a step is thrown at once, or the promise rejects with it", async () => {
  const { clock, turns, turn } = setUp();
  const failing = function* (count: number): Generator<void, never> {
    yield* stepsOf(clock, count);
    throw new Error("broken");
  };
  assert.throws(() => turns.runSteps(failing(1)), /broken/);
  clock.skip(1);
  const late = turns.runSteps(failing(5));
  const rejected = assert.rejects(async () => await late, /broken/);
  while (turns.waiting > 0) turn();
  await rejected;
});
