import assert from "node:assert/strict";
import { Throughput } from "../../../src/telemetry/throughput.ts";

Deno.test("amounts per second are listed by slot, oldest first, and past slots without amounts are empty", () => {
  let now = 10_000;
  const passed = new Throughput({ slotMs: 2000, slots: 3, now: () => now });
  passed.add(4);
  assert.deepEqual(passed.perSecond(), [0, 0, 2]);
  now += 2000;
  passed.add(2);
  assert.deepEqual(passed.perSecond(), [0, 2, 1]);
  now += 4000;
  assert.deepEqual(passed.perSecond(), [1, 0, 0]);
  now += 1_000_000;
  assert.deepEqual(passed.perSecond(), [0, 0, 0]);
});
