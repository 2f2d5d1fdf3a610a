import assert from "node:assert/strict";
import { UnknownCallers } from "../../../src/auth/unknown_callers.ts";
import type { Failure } from "../../../src/failure/failure.ts";

const { signal } = new AbortController();

/** Fills the places that run at once, for an origin of its own. */
async function fill(queue: UnknownCallers): Promise<Disposable[]> {
  return await Promise.all(Array.from({ length: 8 }, () => queue.enter({}, signal)));
}

Deno.test("unknown callers: origins take turns, so one with many waits behind itself", async () => {
  const queue = new UnknownCallers({ max: 100, onRefused: () => {} });
  const places = await fill(queue);
  const attacker = {};
  const order: string[] = [];
  const enter = async (origin: object, name: string) => {
    using _place = await queue.enter(origin, signal);
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

Deno.test("unknown callers: where too many wait, the origin with the most is refused, not who comes last", async () => {
  let refused = 0;
  const queue = new UnknownCallers({ max: 3, onRefused: () => refused++ });
  const places = await fill(queue);
  const attacker = {};
  const attacks = ["a1", "a2", "a3", "a4"].map((name) =>
    queue.enter(attacker, signal).then((place) => {
      place[Symbol.dispose]();
      return name;
    }, (error: Failure) => error.kind)
  );
  const good = queue.enter({}, signal);
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

Deno.test("unknown callers: who leaves frees his place in the queue, and a place is given back once", async () => {
  const queue = new UnknownCallers({ max: 1, onRefused: () => {} });
  const [place] = await fill(queue);
  const gone = new AbortController();
  const leaving = queue.enter({}, gone.signal);
  gone.abort();
  await assert.rejects(leaving, { kind: "cancelled" });
  const next = queue.enter({}, signal);
  place?.[Symbol.dispose]();
  place?.[Symbol.dispose]();
  await next;
  const last = queue.enter({}, signal);
  const winner = await Promise.race([last.then(() => "in"), Promise.resolve("waits")]);
  assert.equal(winner, "waits");
});
