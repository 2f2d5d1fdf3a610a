import assert from "node:assert/strict";
import { FairTurns } from "../../../../src/rpc/limits/fair_turns.ts";

function setUp() {
  let scheduled: (() => void)[] = [];
  const turns = new FairTurns((run) => scheduled.push(run));
  const begun: string[] = [];
  const enter = (owner: string) => {
    const turn = turns.enter(owner);
    if (turn === null) begun.push(owner);
    else void turn.then(() => begun.push(owner));
  };
  /** The next turn of the event loop. False: nothing is scheduled. */
  const turn = async () => {
    const runs = scheduled;
    scheduled = [];
    for (const run of runs) run();
    await new Promise((resolve) => setImmediate(resolve));
    return runs.length > 0;
  };
  return { begun, enter, turn };
}

Deno.test("fair turns: few begin at once, the others in later turns, owners one after another", async () => {
  const { begun, enter, turn } = setUp();
  for (let index = 0; index < 100; index++) enter("busy");
  enter("innocent");
  assert.equal(begun.length, 4);
  await turn();
  assert.equal(begun.length, 8);
  assert.ok(begun.includes("innocent"));
  while (await turn());
  assert.equal(begun.length, 101);
});

Deno.test("fair turns: a newcomer does not overtake those who wait", async () => {
  const { begun, enter, turn } = setUp();
  for (const owner of ["a", "a", "a", "a", "a", "a", "a", "a", "a"]) enter(owner);
  await turn();
  enter("b");
  assert.equal(begun.length, 8);
  await turn();
  assert.deepEqual(begun.slice(8), ["a", "b"]);
});

Deno.test("fair turns: after a turn without work nothing is scheduled, and work begins at once", async () => {
  const { begun, enter, turn } = setUp();
  enter("a");
  assert.equal(await turn(), true);
  assert.equal(await turn(), false);
  enter("a");
  assert.equal(begun.length, 2);
});
