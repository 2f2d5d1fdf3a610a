import assert from "node:assert/strict";
import { Deadline } from "../../../src/files/deadline.ts";
import { ManualClock } from "../../harness/manual_clock.ts";

Deno.test("a deadline calls back at the earliest moment that was set, once", () => {
  const clock = new ManualClock();
  let calls = 0;
  const deadline = new Deadline(clock, () => calls++);
  deadline.set(100);
  deadline.set(40);
  deadline.set(70);
  deadline.set(Infinity);
  assert.equal(clock.timers, 1, "one timer, however often it is set");
  clock.advance(39);
  assert.equal(calls, 0);
  clock.advance(1);
  assert.equal(calls, 1);
  clock.advance(1000);
  assert.equal(calls, 1);
});

Deno.test("a deadline that has passed calls back soon, and one that is cancelled never", () => {
  const clock = new ManualClock();
  clock.advance(100);
  let calls = 0;
  const deadline = new Deadline(clock, () => calls++);
  deadline.set(50);
  assert.equal(calls, 0, "not within the call");
  clock.advance(5);
  assert.equal(calls, 1);
  deadline.set(200);
  deadline.cancel();
  clock.advance(1000);
  assert.equal(calls, 1);
  assert.equal(clock.timers, 0);
});
