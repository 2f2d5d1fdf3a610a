import assert from "node:assert/strict";
import { failure, piece, Setup } from "./fake_pool.ts";
import { settle } from "./fake_worker.ts";
import { cri, MemorySource, toTheEnd, wholeFrames } from "./log_pieces.ts";

Deno.test("a small piece without grep is scanned in place, at once", async () => {
  using setup = new Setup(2);
  const text = new TextEncoder().encode(cri("one") + cri("two"));
  const source = new MemorySource(text);
  const small = { ...piece(0, "", source), to: text.length, end: text.length, budget: 1e9 };
  const result = await setup.scan(small, {});
  assert.equal(setup.workers.length, 0);
  assert.deepEqual(result.frames, await wholeFrames(text, small.spec));
});

Deno.test("without workers everything is scanned in place, including patterns", async () => {
  using setup = new Setup(0);
  const text = new TextEncoder().encode(cri("one needle").repeat(3000));
  const source = new MemorySource(text);
  const whole = { ...piece(0, "needle", source), to: text.length, end: text.length, budget: 5000 };
  await setup.pool.check("needle");
  await assert.rejects(setup.pool.check("a("), failure("invalid-argument"));
  const { frames, scans } = await toTheEnd(whole, (part) => setup.scan(part, {}));
  assert.deepEqual(frames, new Uint8Array(await wholeFrames(text, whole.spec)));
  assert.ok(scans > 1);
  assert.equal(setup.workers.length, 0);
});

Deno.test("a job that waits is dropped as soon as its stream is cancelled", async () => {
  using setup = new Setup(1);
  setup.scan(piece(1), {});
  const cancel = new AbortController();
  const waiting = setup.scan(piece(2), {}, cancel.signal);
  const reason = new Error("the caller has gone");
  cancel.abort(reason);
  await assert.rejects(waiting, reason);
  await setup.workers[0]!.scanned();
  await settle();
  assert.deepEqual(setup.given, [[1]]);
});

Deno.test("a signal that fired before is heeded", async () => {
  for (const workers of [0, 1]) {
    using setup = new Setup(workers);
    const reason = new Error("gone before");
    await assert.rejects(setup.scan(piece(1), {}, AbortSignal.abort(reason)), reason);
    await assert.rejects(setup.pool.check("x", { signal: AbortSignal.abort(reason) }), reason);
    assert.equal(setup.workers.length, 0);
  }
});

Deno.test("searches of one user beyond the limit wait in turn; those of others do not", async () => {
  using setup = new Setup(4, {}, { searchesPerUser: 2 });
  const results = [1, 2, 3].map((from) => setup.scan(piece(from), {}, undefined, "alice"));
  const other = setup.scan(piece(9), {}, undefined, "bob");
  const plain = setup.scan(piece(10, ""), {}, undefined, "alice");
  await settle();
  assert.deepEqual(setup.given, [[1], [2], [9], [10]]);
  await setup.workers[2]!.scanned();
  await setup.workers[3]!.scanned();
  await Promise.all([other, plain]);
  assert.deepEqual(setup.given.flat().includes(3), false);
  await setup.workers[0]!.scanned();
  await results[0];
  assert.deepEqual(setup.given.flat().includes(3), true);
  setup.pool.close();
  await Promise.allSettled(results);
});

Deno.test("a search that waits for its turn is dropped when it is cancelled", async () => {
  using setup = new Setup(1, {}, { searchesPerUser: 1 });
  const first = setup.scan(piece(1), {}, undefined, "alice");
  const cancel = new AbortController();
  const second = setup.scan(piece(2), {}, cancel.signal, "alice");
  const third = setup.scan(piece(3), {}, undefined, "alice");
  cancel.abort();
  await assert.rejects(second);
  await setup.workers[0]!.scanned();
  await first;
  await setup.workers[0]!.scanned();
  await third;
  assert.deepEqual(setup.given, [[1, 3]]);
});

Deno.test("a pattern that is too large for the large part is refused, and nobody else's", async () => {
  using setup = new Setup(1);
  const refused = setup.pool.check(String.raw`\w{500}`);
  refused.catch(() => {});
  await setup.workers[0]!.engineFull();
  await assert.rejects(refused, failure("invalid-argument"));
  const other = setup.scan(piece(1, "x"), {});
  await setup.workers[1]!.scanned();
  await other;
});

Deno.test("close ends all workers and rejects unfinished and later jobs", async () => {
  using setup = new Setup(1);
  const results = [1, 2].map((from) => setup.scan(piece(from), {}));
  const all = Promise.allSettled(results);
  setup.pool.close();
  for (const result of await all) {
    assert.ok(result.status === "rejected" && failure("unavailable")(result.reason));
  }
  assert.ok(setup.workers[0]!.terminated);
  await assert.rejects(setup.scan(piece(3), {}), failure("unavailable"));
});
