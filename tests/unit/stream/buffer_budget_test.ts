import assert from "node:assert/strict";
import { BufferBudget, type BufferShare } from "../../../src/stream/buffer_budget.ts";
import { silent } from "../../../src/telemetry/events.ts";
import { Random, runSeed } from "../../harness/random.ts";

const never = new AbortController().signal;

function budget(bytes: number): BufferBudget {
  return new BufferBudget({ bytes, report: silent });
}

async function isGranted(share: Promise<BufferShare>): Promise<boolean> {
  let granted = false;
  share.then(() => granted = true, () => {});
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  return granted;
}

Deno.test("a user takes at most half of the buffers, the next one half of the rest", () => {
  const buffers = budget(100);
  assert.notEqual(buffers.tryTake("alice", 50), null);
  assert.equal(buffers.tryTake("alice", 1), null);
  assert.notEqual(buffers.tryTake("bob", 25), null);
  assert.equal(buffers.tryTake("bob", 1), null);
  assert.notEqual(
    buffers.tryTake("carol", 25),
    null,
    "who holds nothing may take all that is left",
  );
  assert.equal(buffers.tryTake("dave", 1), null);
  assert.equal(buffers.held, 100);
});

Deno.test("a waiter continues when others' results have left, whoever fits first", async () => {
  const buffers = budget(100);
  const alice = buffers.tryTake("alice", 50)!;
  const bob = buffers.tryTake("bob", 50)!;
  const large = buffers.take("carol", 60, never);
  const small = buffers.take("dave", 10, never);
  assert.equal(await isGranted(small), false);
  alice.shrink(40);
  assert.equal(await isGranted(small), true);
  assert.equal(await isGranted(large), false);
  bob.release();
  bob.release(); // Releasing twice is harmless.
  assert.equal(await isGranted(large), false);
  (await small).release();
  assert.equal(await isGranted(large), true);
  assert.equal(buffers.held, 100);
});

Deno.test("a cancelled waiter stops waiting and takes nothing", async () => {
  const buffers = budget(100);
  const alice = buffers.tryTake("alice", 100)!;
  const cancel = new AbortController();
  const waiting = buffers.take("bob", 10, cancel.signal);
  cancel.abort(new Error("gone"));
  await assert.rejects(waiting, /gone/);
  alice.release();
  assert.equal(buffers.held, 0);
});

Deno.test("more than all of it is granted to whoever is alone", () => {
  const buffers = budget(100);
  const share = buffers.tryTake("alice", 500);
  assert.notEqual(share, null);
  assert.equal(buffers.tryTake("bob", 1), null);
  share!.release();
  assert.equal(buffers.held, 0);
});

Deno.test("whatever is taken and returned, no more than the limit is held, and nothing remains at the end", async () => {
  const seed = runSeed();
  for (let round = 0; round < 30; round++) {
    const random = new Random(seed + round);
    const buffers = budget(1000);
    const held: BufferShare[] = [];
    const asked: Promise<unknown>[] = [];
    for (let step = 0; step < 200; step++) {
      if (random.chance(0.6)) {
        const user = random.pick(["alice", "bob", "carol"]);
        const share = buffers.take(user, 1 + random.below(300), never);
        asked.push(share.then((granted) => held.push(granted)));
      } else if (held.length > 0) {
        const share = held[random.below(held.length)]!;
        if (random.chance(0.5)) share.shrink(random.below(200));
        else {
          share.release();
          held.splice(held.indexOf(share), 1);
        }
      }
      await Promise.resolve();
      assert.ok(buffers.held <= 1000, `SEED=${seed + round}`);
    }
    for (let left = asked.length; left > 0; left--) {
      for (const share of held.splice(0)) share.release();
      await Promise.resolve();
      await Promise.resolve();
    }
    await Promise.all(asked);
    for (const share of held) share.release();
    assert.equal(buffers.held, 0, `SEED=${seed + round}`);
  }
});

Deno.test("the more streams there are the smaller are their results, until they end", () => {
  const budget = new BufferBudget({ bytes: 64 * 1024 * 1024, report: () => {} });
  assert.equal(budget.resultBytes, 8 * 1024 * 1024);
  const streams = Array.from({ length: 64 }, () => budget.enter());
  assert.equal(budget.resultBytes, 128 * 1024);
  for (const stream of streams) stream[Symbol.dispose]();
  assert.equal(budget.resultBytes, 8 * 1024 * 1024);
});
