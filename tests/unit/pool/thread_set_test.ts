import assert from "node:assert/strict";
import { piece, Setup } from "./fake_pool.ts";

Deno.test("workers start when there is work for them, and no more than allowed", async () => {
  using setup = new Setup(2);
  assert.equal(setup.workers.length, 0);
  const results = [1, 2, 3].map((from) => setup.scan(piece(from), setup));
  assert.deepEqual(setup.given, [[1], [2]]);
  await setup.workers[1]!.scanned({ records: 7 });
  assert.equal((await results[1]!).records, 7);
  assert.deepEqual(setup.given, [[1, 3], [2]], "the third is queued behind the first");
});

Deno.test("a free worker takes the next job, the one that worked last first: its file is open", async () => {
  using setup = new Setup(2);
  const first = [setup.scan(piece(1), {}), setup.scan(piece(2), {})];
  await setup.workers[1]!.scanned();
  await first[1];
  await setup.workers[0]!.scanned();
  await first[0];
  setup.scan(piece(3), {});
  assert.deepEqual(setup.given, [[1, 3], [2]]);
});

Deno.test("workers without work end after a while, and start again", async () => {
  using setup = new Setup(1, { idle: 5 });
  const first = setup.scan(piece(1), {});
  // Requested before the job is done: on a busy machine, the worker may already have been idle long enough.
  const ended = setup.event("workers");
  await setup.workers[0]!.scanned();
  await first;
  await ended;
  assert.equal(setup.workers[0]!.terminated, true);
  const second = setup.scan(piece(2), {});
  await setup.workers[1]!.scanned();
  await second;
  assert.deepEqual(
    setup.events.map((event) => event.type === "workers" ? event.count : event.type).slice(0, 3),
    [1, 0, 1],
  );
});
