import assert from "node:assert/strict";
import { EventRate } from "../../../src/files/event_rate.ts";
import { ManualClock } from "../../harness/manual_clock.ts";

Deno.test("events are counted in windows, and the window before is remembered", () => {
  const clock = new ManualClock();
  const rate = new EventRate(clock, 100);
  assert.deepEqual(rate.count(), { current: 1, previous: 0 });
  clock.advance(100);
  assert.deepEqual(rate.count(), { current: 2, previous: 0 });
  clock.advance(1);
  assert.deepEqual(rate.count(), { current: 1, previous: 2 });
});

Deno.test("a window that ended long ago says nothing about now", () => {
  const clock = new ManualClock();
  const rate = new EventRate(clock, 100);
  for (let count = 0; count < 5; count++) rate.count();
  clock.advance(201);
  assert.deepEqual(rate.count(), { current: 1, previous: 0 });
  rate.reset();
  assert.deepEqual(rate.count(), { current: 1, previous: 0 });
});
