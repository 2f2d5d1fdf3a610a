import assert from "node:assert/strict";
import { DISORDER_SECONDS, isBehind, ProbeOrder } from "../../../src/scan/probe_order.ts";

const at = (seconds: number, nanos = 0) => ({ seconds, nanos });

const table: readonly [string, readonly (readonly [number, boolean])[], boolean][] = [
  [
    "those that fail come before those that pass",
    [[1, false], [9, true], [4, false], [6, true]],
    true,
  ],
  ["disorder of a second", [[5, false], [9, true], [4, false], [10, true]], true],
  ["one earlier than the first", [[5, false], [3, true]], false],
  ["one that passes, later than another on its right", [[1, false], [6, true], [9, true]], false],
  ["one that fails, earlier than another on its left", [[1, false], [6, false], [3, false]], false],
];

for (const [title, probes, agrees] of table) {
  Deno.test(`probes ${agrees ? "agree with" : "contradict"} lines in order: ${title}`, () => {
    const order = new ProbeOrder();
    const found = probes.map(([seconds, passes]) => order.add(at(seconds), passes));
    assert.equal(found.every((one) => one), agrees);
    assert.ok(found.slice(0, -1).every((one) => one), "contradicted too early");
  });
}

Deno.test("behind is more than the disorder of stdout and stderr", () => {
  assert.ok(!isBehind(at(5), at(5 + DISORDER_SECONDS)));
  assert.ok(isBehind(at(5), at(5 + DISORDER_SECONDS, 1)));
});
