import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { loopTurns, visitInTurns } from "../../../src/platform/loop_turns.ts";

/** Computes for the given milliseconds, with turns for others. */
async function compute(milliseconds: number, signal: AbortSignal, onTurn: () => void) {
  const breathe = loopTurns(signal);
  for (let used = 0; used < milliseconds;) {
    const began = performance.now();
    while (performance.now() - began < 0.5);
    used += performance.now() - began;
    const turn = breathe();
    if (turn === null) continue;
    await turn;
    onTurn();
  }
}

Deno.test("only one of many long computations runs in each turn of the event loop", async () => {
  const { signal } = new AbortController();
  let inThisTurn = 0;
  let most = 0;
  const computations = Array.from(
    { length: 10 },
    () => compute(20, signal, () => most = Math.max(most, ++inThisTurn)),
  );
  let isDone = false;
  const all = Promise.all(computations).then(() => isDone = true);
  while (!isDone) {
    inThisTurn = 0;
    await setImmediate();
  }
  await all;
  // One between two observations of this test, or two if an observation falls in between.
  assert.ok(most >= 1 && most <= 2, `${most} in one turn`);
});

Deno.test("regression: a call that takes many turns of the event loop waited for a computation in each", async () => {
  const { signal } = new AbortController();
  let sinceTurn = 0;
  let most = 0;
  const computing = Array.from({ length: 4 }, () =>
    compute(20, signal, () => {
      most = Math.max(most, sinceTurn);
      sinceTurn = 0;
    }));
  let isDone = false;
  const all = Promise.all(computing).then(() => isDone = true);
  for (; !isDone; sinceTurn++) await setImmediate();
  await all;
  assert.ok(most > 2, `${most} turns for others between two computations`);
});

Deno.test("a computation ends with its signal at its next turn", async () => {
  const controller = new AbortController();
  let turns = 0;
  const computation = compute(1e9, controller.signal, () => {
    if (++turns === 3) controller.abort(new Error("nobody wants it"));
  });
  await assert.rejects(computation, /nobody wants it/);
  assert.equal(turns, 3);
});

Deno.test("many items are visited in order, in several turns of the event loop", async () => {
  const items = Array.from({ length: 1000 }, (_, index) => index);
  const visited: number[] = [];
  let turns = 0;
  let isDone = false;
  const all = visitInTurns(items, new AbortController().signal, (item) => {
    visited.push(item);
    const began = performance.now();
    while (performance.now() - began < 0.02);
  }).then(() => isDone = true);
  for (; !isDone; turns++) await setImmediate();
  await all;
  assert.deepEqual(visited, items);
  assert.ok(turns > 3, `${turns} turns`);
});

Deno.test("an error of a visit ends the visits; so does the signal, without an error", async () => {
  const items = Array.from({ length: 1000 }, (_, index) => index);
  const controller = new AbortController();
  let visits = 0;
  const visit = (item: number) => {
    visits++;
    if (item === 100) controller.abort();
  };
  await visitInTurns(items, controller.signal, visit);
  assert.equal(visits, 101);
  const failing = visitInTurns(items, new AbortController().signal, () => {
    throw new Error("denied");
  });
  await assert.rejects(failing, /denied/);
});
