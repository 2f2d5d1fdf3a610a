import assert from "node:assert/strict";
import { Turns } from "../../../../src/rpc/limits/turns.ts";

Deno.test("one caller's thousand calls delay another's by one turn, not by all of them", () => {
  let next: (() => void) | null = null;
  const turns = new Turns((run) => {
    next = run;
  });
  const turn = () => {
    const run = next;
    next = null;
    run?.();
  };
  const begun = { busy: 0, other: 0 };
  let left = 1000;
  while (turns.take(1)) begun.busy++;
  turns.wait(() => {
    if (left === 0) return 0;
    left--;
    begun.busy++;
    return 1;
  });
  turns.wait(() => {
    if (begun.other > 0) return 0;
    begun.other++;
    return 1;
  });
  const perTurn = begun.busy;
  turn();
  assert.equal(begun.other, 1, "the other call begins in the first turn");
  assert.ok(begun.busy <= 2 * perTurn);
  for (let i = 0; next !== null; i++) {
    assert.ok(i < 2000, "it never ends");
    turn();
  }
  assert.equal(begun.busy, perTurn + 1000);
});
