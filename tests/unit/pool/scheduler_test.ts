import assert from "node:assert/strict";
import { begun, failure, foundSlowElsewhere, MIB, piece, Setup } from "./fake_pool.ts";
import { settle } from "./fake_worker.ts";

Deno.test("a worker whose regex engine was ended amid a cancelled piece is replaced, for it may have grown large", async () => {
  using setup = new Setup(1);
  const cancel = new AbortController();
  const running = setup.scan(piece(1), {}, cancel.signal);
  const next = setup.scan(piece(2), {});
  await settle();
  cancel.abort();
  await assert.rejects(running);
  await setup.workers[0]!.engineTrapped();
  assert.equal(setup.workers[0]!.terminated, true);
  await settle();
  await setup.workers[1]!.scanned({ records: 2 });
  assert.equal((await next).records, 2);
});

Deno.test("a worker whose regex engine broke on its own counts as dead", async () => {
  using setup = new Setup(1);
  const result = setup.scan(piece(1), {});
  for (const worker of [0, 1]) {
    await settle();
    await setup.workers[worker]!.engineTrapped();
  }
  await assert.rejects(result, failure("internal"));
});

Deno.test("a worker that dies is replaced and its piece done again, before that stream's others", async () => {
  using setup = new Setup(1);
  const stream = {};
  const result = setup.scan(piece(1), stream);
  await settle();
  for (const from of [2, 3]) setup.scan(piece(from), stream);
  setup.workers[0]!.die();
  await settle();
  assert.deepEqual(setup.given, [[1, 2], [1, 2]]);
  await setup.workers[1]!.scanned({ records: 5 });
  assert.equal((await result).records, 5);
  assert.deepEqual(setup.given, [[1, 2], [1, 2, 3]]);
  assert.deepEqual(setup.events.filter(({ type }) => type === "worker-replaced"), [
    { type: "worker-replaced", reason: "died" },
  ]);
});

Deno.test("a piece that killed two workers fails; the jobs behind it continue", async () => {
  using setup = new Setup(1);
  const result = setup.scan(piece(1), {});
  await settle();
  const other = setup.scan(piece(2), {});
  assert.deepEqual(setup.given, [[1, 2]]);
  for (const worker of [0, 1]) {
    setup.workers[worker]!.die();
    await settle();
  }
  await assert.rejects(result, failure("internal"));
  await setup.workers[2]!.scanned({ records: 2 });
  assert.equal((await other).records, 2);
});

Deno.test("while others wait, a slow job moves with its worker to the slow lane, and a new worker takes its place", async () => {
  using setup = new Setup(1, { slow: 5 });
  const slow = {};
  const results = [1, 2].map((from) => setup.scan(piece(from, "slow"), slow));
  await settle();
  const other = setup.scan(piece(10), {});
  await setup.event("workers");
  await settle();
  assert.equal(setup.workers[0]!.isStopped, false, "the slow job continues where it is");
  assert.deepEqual(setup.given.slice(0, 2), [[1], [10]]);
  await setup.workers[1]!.scanned();
  await other;
  assert.deepEqual(
    setup.given,
    [[1], [10]],
    "what the slow stream asks for next waits in the slow lane",
  );
  await setup.workers[0]!.scanned();
  await results[0];
  assert.deepEqual(setup.given, [[1, 2], [10]]);
});

Deno.test("as long as a pattern is at work in the slow lane, other streams with it go there, too", async () => {
  using setup = new Setup(1, { slow: 5 });
  const slow = setup.scan(piece(1, "slow"), {});
  const alike = [2, 3].map((from) => setup.scan(piece(from, "slow"), {}));
  const other = setup.scan(piece(10), {});
  await setup.event("workers");
  await settle();
  assert.deepEqual(setup.given, [[1], [10]]);
  const later = {};
  const sameLater = setup.scan(piece(4, "slow"), later);
  await setup.workers[1]!.scanned();
  await other;
  for (let turn = 1; turn <= 4; turn++) await setup.workers[0]!.scanned();
  await Promise.all([slow, ...alike, sameLater]);
  assert.deepEqual(setup.given.map((given) => given.toSorted()), [[1, 2, 3, 4], [10]]);
  setup.scan(piece(5, "slow"), later);
  assert.deepEqual(setup.given[1], [10, 5], "it may be quick elsewhere");
});

Deno.test("a job behind a slow one waits no longer than others: it is taken back", async () => {
  using setup = new Setup(1, { slow: 5 });
  setup.scan(piece(1, "slow"), {});
  await settle();
  const other = setup.scan(piece(2), {});
  assert.deepEqual(setup.given, [[1, 2]]);
  await setup.event("workers");
  await settle();
  assert.deepEqual(setup.given, [[1], [2]]);
  await setup.workers[1]!.scanned();
  await other;
});

Deno.test("a slow job is left alone while nobody else waits", async () => {
  using setup = new Setup(1, { slow: 1 });
  const stream = {};
  const first = setup.scan(piece(1), stream);
  setup.scan(piece(2), stream);
  await foundSlowElsewhere(1);
  assert.deepEqual(setup.given, [[1, 2]], "what is queued behind it is not revoked");
  await setup.workers[0]!.scanned();
  await first;
  setup.scan(piece(3), {});
  assert.deepEqual(setup.given, [[1, 2, 3]], "its worker is in the quick lane");
});

Deno.test("a slow job that arrives when the slow lane is full is stopped and waits there for its turn", async () => {
  using setup = new Setup(1, { slow: 5, grace: 1 });
  const results = [1, 2, 3].map((from) => setup.scan(piece(from, `pattern ${from}`), {}));
  // 1 moves to the slow lane; 2 is stopped because the lane is full; then it is 3's turn.
  await setup.event("worker-replaced");
  await settle();
  assert.equal(setup.workers[1]!.terminated, true);
  assert.deepEqual(setup.given, [[1], [2], [3]]);
  await setup.workers[0]!.scanned();
  await results[0];
  assert.deepEqual(setup.given, [[1, 2], [2], [3]]);
  await setup.workers[0]!.scanned({ records: 3 });
  assert.equal((await results[1]!).records, 3);
});

Deno.test("a search on a slow disk, and the first that loads the regex engine, counted as slow patterns: only computing counts", async () => {
  using setup = new Setup(1, { slow: 5 });
  setup.computes = false;
  const reader = {};
  const waiting = setup.scan(piece(1, "pattern"), reader);
  await settle();
  const other = setup.scan(piece(2), {});
  await setup.event("workers");
  await settle();
  assert.deepEqual(setup.given, [[1], [2]], "others do not wait for the disk either");
  const alike = setup.scan(piece(3, "pattern"), {});
  await settle();
  assert.deepEqual(setup.given, [[1], [2, 3]], "its pattern is not slow");
  const more = setup.scan(piece(4, "pattern"), reader);
  await settle();
  assert.deepEqual(setup.given, [[1], [2, 3]], "its stream occupies no other worker meanwhile");
  await setup.workers[0]!.scanned();
  await waiting;
  assert.deepEqual(setup.given, [[1], [2, 3]], "its stream is in the quick lane again");
  for (let i = 0; i < 3; i++) await setup.workers[1]!.scanned();
  await Promise.all([other, alike, more]);
  assert.deepEqual(setup.given, [[1], [2, 3, 4]]);
});

Deno.test("a stream that was slow once stayed in the slow lane for good: it leaves when it is fast again", async () => {
  using setup = new Setup(1, { slow: 20 });
  const stream = {};
  const slow = setup.scan(piece(1, "slow"), stream);
  await settle();
  const other = setup.scan(piece(2), {});
  await setup.event("workers");
  await settle();
  await setup.workers[1]!.scanned();
  await other;
  await setup.workers[0]!.scanned();
  await slow;
  for (const from of [3, 4]) {
    const fast = setup.scan(piece(from, "slow"), stream);
    await setup.workers[0]!.scanned();
    await fast;
  }
  assert.deepEqual(setup.given, [[1, 3, 4], [2]]);
  const back = setup.scan(piece(5, "slow"), stream);
  await setup.workers[1]!.scanned();
  await back;
  assert.deepEqual(setup.given, [[1, 3, 4], [2, 5]]);
});

Deno.test("a user's streams take turns within that user's: another user waits for one job, not for one of each stream", async () => {
  using setup = new Setup(1);
  const results = Array.from(
    { length: 20 },
    (_, i) => setup.scan(piece(100 + i, ""), {}, undefined, "many"),
  );
  await settle();
  const single = setup.scan(piece(1, ""), {}, undefined, "single");
  while (!begun(setup.workers[0]!).includes(1)) await setup.workers[0]!.scanned();
  assert.ok(begun(setup.workers[0]!).length <= 4, `after ${begun(setup.workers[0]!)}`);
  await setup.workers[0]!.scanned();
  await single;
  setup.pool.close();
  await Promise.allSettled(results);
});

Deno.test("large patterns by one caller filled the memory: one thread has a large part of it, and they take turns for that", async () => {
  using setup = new Setup(2, {}, { engineMemory: 160 * MIB });
  const other = setup.scan(piece(1), {});
  const large = [2, 3, 4].map((from) => setup.scan(piece(from, `\\w{${300 + from}}`), {}));
  await settle();
  assert.deepEqual(setup.given, [[1], [2]]);
  assert.deepEqual(setup.workers.map(({ engineBytes }) => Math.floor(engineBytes / MIB)), [
    8,
    128,
  ]);
  for (const result of large) {
    await setup.workers[1]!.scanned();
    await result;
  }
  assert.deepEqual(setup.given, [[1], [2, 3, 4]]);
  await setup.workers[0]!.scanned();
  await other;
});

Deno.test("a pattern that looks small and is not goes to the thread with the large part, and its stream with it", async () => {
  using setup = new Setup(1);
  const stream = {};
  const checked = setup.pool.check("looks small", { stream });
  await setup.workers[0]!.engineFull();
  await setup.workers[1]!.checked();
  await checked;
  const scanned = setup.scan(piece(1, "looks small"), stream);
  await setup.workers[1]!.scanned();
  await scanned;
  assert.deepEqual(setup.given, [[-1], [-1, 1]]);
});

Deno.test("a stream keeps the thread with the large part for some of its pieces, for the next one compiles its own pattern", async () => {
  using setup = new Setup(1);
  const [a, b] = [{}, {}];
  const pattern = String.raw`\w{300}`;
  const results = [
    ...[1, 2, 3].map((from) => setup.scan(piece(from, pattern), a)),
    ...[11, 12].map((from) => setup.scan(piece(from, pattern), b)),
  ];
  for (let i = 0; i < 5; i++) await setup.workers[0]!.scanned();
  await Promise.all(results);
  assert.deepEqual(setup.given, [[1, 2, 3, 11, 12]]);
});

Deno.test("a slow pattern's check moves its stream to the slow lane, too", async () => {
  using setup = new Setup(1, { slow: 5 });
  const stream = {};
  const checked = setup.pool.check("huge", { stream });
  const other = setup.scan(piece(1), {});
  await setup.event("workers");
  await settle();
  assert.deepEqual(setup.given, [[-1], [1]]);
  await setup.workers[0]!.checked();
  await checked;
  setup.scan(piece(2), stream);
  assert.deepEqual(setup.given, [[-1, 2], [1]]);
  await setup.workers[1]!.scanned();
  await other;
});
