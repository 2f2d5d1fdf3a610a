import assert from "node:assert/strict";
import { FairQueue } from "../../../src/auth/fair_queue.ts";
import { Failure } from "../../../src/failure/failure.ts";

const { signal } = new AbortController();

/** Fills all places, for a separate origin. */
async function fill(queue: FairQueue): Promise<Disposable[]> {
  return await Promise.all(Array.from({ length: 8 }, () => queue.enter({ owner: {} }, signal)));
}

Deno.test("fair queue: origins take turns, so one with many waits behind itself", async () => {
  const queue = new FairQueue({ places: 8 });
  const places = await fill(queue);
  const attacker = {};
  const order: string[] = [];
  const enter = async (origin: object, name: string) => {
    using _place = await queue.enter({ owner: origin }, signal);
    order.push(name);
  };
  const entered = [
    ...["a1", "a2", "a3", "a4"].map((name) => enter(attacker, name)),
    enter({}, "good"),
  ];
  places[0]?.[Symbol.dispose]();
  await Promise.all(entered);
  assert.deepEqual(order, ["a1", "good", "a2", "a3", "a4"]);
});

Deno.test("fair queue: if too many wait, the origin with the most is refused, not the last to arrive", async () => {
  let refused = 0;
  const queue = new FairQueue({
    places: 8,
    max: 3,
    refusal: () => new Failure("resource-exhausted", `${++refused}`),
  });
  const places = await fill(queue);
  const attacker = {};
  const attacks = ["a1", "a2", "a3", "a4"].map((name) =>
    queue.enter({ owner: attacker }, signal).then((place) => {
      place[Symbol.dispose]();
      return name;
    }, (error: Failure) => error.kind)
  );
  const good = queue.enter({ owner: {} }, signal);
  places[0]?.[Symbol.dispose]();
  (await good)[Symbol.dispose]();
  assert.deepEqual(await Promise.all(attacks), [
    "a1",
    "a2",
    "resource-exhausted",
    "resource-exhausted",
  ]);
  assert.equal(refused, 2);
});

Deno.test("fair queue: a leaving waiter frees its place in the queue, and a place is released once", async () => {
  const queue = new FairQueue({ places: 8, max: 1 });
  const [place] = await fill(queue);
  const gone = new AbortController();
  const leaving = queue.enter({ owner: {} }, gone.signal);
  gone.abort();
  await assert.rejects(leaving, { kind: "cancelled" });
  const next = queue.enter({ owner: {} }, signal);
  place?.[Symbol.dispose]();
  place?.[Symbol.dispose]();
  await next;
  const last = queue.enter({ owner: {} }, signal);
  const winner = await Promise.race([last.then(() => "in"), Promise.resolve("waits")]);
  assert.equal(winner, "waits");
});

Deno.test("fair queue: owners who have one waiting each are compared by group, and the newest of the largest is refused", async () => {
  const queue = new FairQueue({ places: 8, max: 3 });
  await fill(queue);
  const enter = (name: string, group: string) =>
    queue.enter({ owner: {}, group }, signal).then(() => {}, () => refused.push(name));
  const refused: string[] = [];
  void enter("a1", "a");
  void enter("a2", "a");
  void enter("a3", "a");
  const ended = enter("b1", "b");
  await Promise.race([ended, new Promise((resolve) => setTimeout(resolve))]);
  assert.deepEqual(refused, ["a3"]);
  assert.equal(queue.waiting, 3);
});
