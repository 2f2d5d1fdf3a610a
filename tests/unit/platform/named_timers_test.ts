import assert from "node:assert/strict";
import { NamedTimers } from "../../../src/platform/named_timers.ts";
import { ManualClock } from "../../harness/manual_clock.ts";

Deno.test("there is one timer of each name, and it can be set again when it has fired", () => {
  const clock = new ManualClock();
  const timers = new NamedTimers<"a" | "b">(clock);
  const fired: string[] = [];
  timers.schedule("a", 10, () => fired.push("a"));
  timers.schedule("a", 1, () => fired.push("a again"));
  timers.schedule("b", 5, () => fired.push("b"));
  clock.advance(10);
  assert.deepEqual(fired, ["b", "a"]);
  timers.schedule("a", 1, () => fired.push("later"));
  clock.advance(1);
  assert.deepEqual(fired.splice(2), ["later"]);
});

Deno.test("a canceled timer does not fire, and nothing is left", () => {
  const clock = new ManualClock();
  const timers = new NamedTimers<"a" | "b">(clock);
  const fail = () => assert.fail("it was canceled");
  timers.schedule("a", 1, fail);
  timers.cancel("a");
  timers.cancel("a");
  timers.schedule("a", 1, fail);
  timers.schedule("b", 1, fail);
  timers.cancelAll();
  assert.equal(clock.timers, 0);
  clock.advance(10);
});
