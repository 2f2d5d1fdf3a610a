import assert from "node:assert/strict";
import { systemClock } from "../../../src/auth/review_clock.ts";

Deno.test("a sleep lasts at least as long as it is told", async () => {
  const start = systemClock.now();
  await systemClock.sleep(20, new AbortController().signal);
  assert.ok(systemClock.now() - start >= 20);
});

Deno.test("a sleep longer than any timer, or without end, lasts until its signal", async () => {
  for (const milliseconds of [2 ** 31, 1e12, Number.POSITIVE_INFINITY]) {
    const abort = new AbortController();
    let woken = false;
    const sleep = systemClock.sleep(milliseconds, abort.signal).then(() => woken = true);
    // A timer that overflowed would fire after 1 ms, which is before this one.
    await systemClock.sleep(5, new AbortController().signal);
    assert.equal(woken, false, `${milliseconds}`);
    abort.abort();
    await sleep;
  }
});

Deno.test("no sleep where there is nothing to wait for", async () => {
  await systemClock.sleep(0, new AbortController().signal);
  await systemClock.sleep(Number.NEGATIVE_INFINITY, new AbortController().signal);
  await systemClock.sleep(Number.POSITIVE_INFINITY, AbortSignal.abort());
});
