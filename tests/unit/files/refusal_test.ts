import assert from "node:assert/strict";
import { Failure } from "../../../src/failure/failure.ts";
import { Refusal } from "../../../src/files/refusal.ts";

const forbidden = new Failure("permission-denied", "Cannot read it");
const busy = new Failure("unavailable", "No descriptor is left");

const rows = [
  { name: "a refusal by permissions is given up after 2 s", failure: forbidden, at: 2000 },
  { name: "one where waiting may help is given up after 30 s", failure: busy, at: 30_000 },
];

for (const { name, failure, at } of rows) {
  Deno.test(name, () => {
    let now = 1000;
    const refusal = new Refusal("/var/log/containers/a.log", () => now);
    assert.equal(refusal.mayGiveUp, false, "it is not refused");
    refusal.refuse(failure);
    now += at - 1;
    refusal.refuse(failure); // Again: the first time counts.
    assert.equal(refusal.mayGiveUp, false);
    now += 1;
    assert.equal(refusal.mayGiveUp, true);
    assert.equal(refusal.failure, failure);
    refusal.clear();
    assert.equal(refusal.mayGiveUp, false);
    assert.equal(refusal.ms, 0);
  });
}
