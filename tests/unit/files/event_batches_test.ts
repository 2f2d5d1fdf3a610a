import assert from "node:assert/strict";
import { EventBatches } from "../../../src/files/event_batches.ts";
import { TaskTurns } from "../../../src/platform/task_turns.ts";
import { ManualClock } from "../../harness/manual_clock.ts";

function setUp() {
  const clock = new ManualClock();
  const checked: string[] = [];
  const batches = new EventBatches({
    clock,
    turns: new TaskTurns(clock),
    check: (path) => void checked.push(path),
    peekAll(onDone) {
      checked.push("all");
      onDone({ changed: false, spentMs: 0 });
    },
  });
  return { clock, batches, checks: () => checked.splice(0) };
}

Deno.test("while events are few, each has its file checked at once", () => {
  const { clock, batches, checks } = setUp();
  for (let second = 0; second < 10; second++) {
    for (const path of ["a", "b", "c"]) {
      batches.add({ kind: "modify", paths: [path] });
      assert.deepEqual(checks(), [path]);
      clock.advance(333);
    }
  }
  assert.equal(clock.timers, 0);
});

Deno.test("with many events files are checked together within 4 ms, each once, and none is left out", () => {
  const { clock, batches, checks } = setUp();
  for (let event = 0; event < 1000; event++) {
    batches.add({ kind: "modify", paths: [`file-${event % 3}`] });
    clock.advance(1);
    if (event === 500) checks();
  }
  const together = checks();
  assert.ok(together.length <= 3 * 500 / 4 + 3, `${together.length} checks`);
  assert.ok(together.length >= 500 / 5, `${together.length} checks`);
  batches.add({ kind: "modify", paths: ["last"] });
  assert.ok(!checks().includes("last"));
  clock.advance(4);
  assert.ok(checks().includes("last"));
  assert.equal(clock.timers, 0);
});

Deno.test("after a burst of events, files are checked at once again", () => {
  const { clock, batches, checks } = setUp();
  for (let event = 0; event < 500; event++) {
    batches.add({ kind: "modify", paths: ["a"] });
    clock.advance(1);
  }
  clock.advance(250);
  checks();
  batches.add({ kind: "modify", paths: ["b"] });
  assert.deepEqual(checks(), ["b"]);
});

Deno.test("events at the same moment have all files peeked at, not for each of them", () => {
  const { clock, batches, checks } = setUp();
  for (const path of ["a", "b", "c", "d"]) batches.add({ kind: "modify", paths: [path] });
  assert.deepEqual(checks(), ["a", "b", "all", "c", "d"]);
  clock.advance(500);
  batches.add({ kind: "modify", paths: ["a"] });
  assert.deepEqual(checks(), ["a"]);
});

Deno.test("cleared, it checks nothing any more and has no timer", () => {
  const { clock, batches, checks } = setUp();
  for (let event = 0; event < 50; event++) batches.add({ kind: "modify", paths: ["a"] });
  checks();
  batches.clear();
  clock.advance(1000);
  assert.deepEqual(checks(), []);
  assert.equal(clock.timers, 0);
});

Deno.test("a file that was renamed as well as written to is checked for both", () => {
  const clock = new ManualClock();
  const checked: string[] = [];
  const batches = new EventBatches({
    clock,
    turns: new TaskTurns(clock),
    check: (path, reason) => void checked.push(`${path} ${reason}`),
    peekAll: () => {},
  });
  for (let event = 0; event < 200; event++) batches.add({ kind: "modify", paths: ["a"] });
  clock.advance(10);
  assert.deepEqual(checked.splice(0).at(-1), "a written");
  for (const kind of ["modify", "rename", "modify"] as const) batches.add({ kind, paths: ["a"] });
  clock.advance(10);
  assert.deepEqual(checked, ["a event"]);
});

Deno.test("regression: the files of a large batch were all checked in one turn of the event loop", () => {
  const clock = new ManualClock();
  let checks = 0;
  const batches = new EventBatches({
    clock,
    turns: new TaskTurns(clock),
    check: () => {
      checks++;
      clock.skip(1);
    },
    peekAll: () => {},
  });
  for (let event = 0; event < 100; event++) batches.add({ kind: "rename", paths: [] });
  const paths = Array.from({ length: 10 }, (_, i) => `file-${i}`);
  batches.add({ kind: "modify", paths });
  const ofTurns: number[] = [];
  for (let before = 0; clock.timers > 0; before = checks) {
    clock.advance(before === 0 ? 4 : 0);
    // Events that arrive meanwhile wait in the same batch, once.
    if (checks === 4) batches.add({ kind: "modify", paths: ["file-9", "file-10"] });
    ofTurns.push(checks - before);
  }
  assert.deepEqual(ofTurns, [4, 4, 3]);
});
