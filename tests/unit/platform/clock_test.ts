import assert from "node:assert/strict";
import { LONGEST_TIMER_MS, sleep, systemClock } from "../../../src/platform/clock.ts";
import { idle, ManualClock } from "../../harness/manual_clock.ts";

const never = new AbortController().signal;

Deno.test("a sleep lasts at least as long as requested", async () => {
  const start = systemClock.now();
  await sleep(systemClock, 20, never);
  assert.ok(systemClock.now() - start >= 20);
});

Deno.test("a sleep longer than any timer lasts to its end, without end until its signal", async () => {
  for (const milliseconds of [LONGEST_TIMER_MS + 5, 1e12, Number.POSITIVE_INFINITY]) {
    const clock = new ManualClock();
    const abort = new AbortController();
    let woken = false;
    const sleeping = sleep(clock, milliseconds, abort.signal).then(() => woken = true);
    await clock.pass(LONGEST_TIMER_MS);
    assert.equal(woken, false, `${milliseconds}`);
    await clock.pass(10);
    assert.equal(woken, milliseconds === LONGEST_TIMER_MS + 5);
    abort.abort();
    await sleeping;
    assert.equal(clock.timers, 0);
  }
});

Deno.test("no timer of the platform is set for longer than it can be", async () => {
  const abort = new AbortController();
  let woken = false;
  const sleeping = sleep(systemClock, 2 ** 31, abort.signal).then(() => woken = true);
  // A timer that overflowed would fire after 1 ms, which is before this one.
  await sleep(systemClock, 5, never);
  assert.equal(woken, false);
  abort.abort();
  await sleeping;
});

Deno.test("no sleep if there is nothing to wait for", async () => {
  const clock = new ManualClock();
  await sleep(clock, 0, never);
  await sleep(clock, Number.NEGATIVE_INFINITY, never);
  await sleep(clock, Number.POSITIVE_INFINITY, AbortSignal.abort());
  assert.equal(clock.timers, 0);
});

Deno.test("a canceled callback is not called", async () => {
  const clock = new ManualClock();
  const cancel = clock.after(5, () => assert.fail("called"));
  cancel();
  await clock.pass(10);
  const stop = systemClock.after(1, () => assert.fail("called"));
  stop();
  await sleep(systemClock, 5, never);
  await idle();
});
