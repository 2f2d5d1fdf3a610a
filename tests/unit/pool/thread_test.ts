import assert from "node:assert/strict";
import { ScanPool } from "../../../src/pool/pool.ts";
import {
  begun,
  closing,
  foundSlowElsewhere,
  piece,
  replacedElsewhere,
  Setup,
} from "./fake_pool.ts";
import { FakeWorker, settle } from "./fake_worker.ts";

Deno.test("a worker that is at a job may have one more behind it, so that it need not wait for the pool", async () => {
  using setup = new Setup(1);
  const stream = {};
  const results = [1, 2, 3, 4].map((from) => setup.scan(piece(from), stream));
  await settle(); // The worker has started.
  await setup.workers[0]!.scanned();
  await results[0];
  assert.deepEqual(setup.given, [[1, 2, 3]]);
  await setup.workers[0]!.scanned({ records: 2 });
  assert.equal((await results[1]!).records, 2);
  assert.deepEqual(setup.given, [[1, 2, 3, 4]]);
});

Deno.test("a worker is told when its piece is no longer wanted, and continues with the next after leaving it", async () => {
  using setup = new Setup(1);
  const cancel = new AbortController();
  const running = setup.scan(piece(1), {}, cancel.signal);
  await settle();
  setup.scan(piece(2), {});
  assert.deepEqual(setup.given, [[1, 2]]);
  assert.equal(setup.workers[0]!.isStopped, false);
  cancel.abort();
  await assert.rejects(running);
  assert.equal(setup.workers[0]!.isStopped, true);
  assert.deepEqual(setup.given, [[1]], "what was behind it is taken back");
  await setup.workers[0]!.scanned();
  assert.equal(setup.workers[0]!.requests.length, 3);
  assert.equal(setup.workers[0]!.isStopped, false);
});

Deno.test("a job that a worker was to do next is taken back when it is cancelled, and another given", async () => {
  using setup = new Setup(1);
  setup.scan(piece(1), {});
  await settle();
  const cancel = new AbortController();
  const next = setup.scan(piece(2), {}, cancel.signal);
  setup.scan(piece(3), {});
  assert.deepEqual(setup.given, [[1, 2]]);
  cancel.abort();
  await assert.rejects(next);
  assert.deepEqual(setup.given, [[1, 3]]);
  assert.equal(setup.workers[0]!.isStopped, false);
});

Deno.test("one flag for revoked jobs was overwritten by the next: however many are cancelled, none is begun", async () => {
  for (
    const { cancelled, streams } of [{ cancelled: 3, streams: 1 }, { cancelled: 90, streams: 7 }]
  ) {
    using setup = new Setup(1);
    const busy = setup.scan(piece(1), {});
    await settle();
    const cancel = new AbortController();
    const users = Array.from({ length: streams }, () => ({}));
    const results = Array.from(
      { length: cancelled },
      (_, i) => setup.scan(piece(100 + i), users[i % streams]!, cancel.signal),
    );
    cancel.abort();
    for (const result of await Promise.allSettled(results)) assert.equal(result.status, "rejected");
    const innocent = setup.scan(piece(2), {});
    await setup.workers[0]!.scanned();
    await busy;
    await setup.workers[0]!.scanned({ records: 2 });
    assert.equal((await innocent).records, 2);
    assert.equal(setup.workers.length, 1);
    assert.deepEqual(begun(setup.workers[0]!), [1, 2]);
  }
});

Deno.test("jobs that are queued and cancelled one after the other, hundreds of them, cost nobody else a turn", async () => {
  using setup = new Setup(1);
  const busy = setup.scan(piece(1), {});
  await settle();
  for (let i = 0; i < 300; i++) {
    const cancel = new AbortController();
    const result = setup.scan(piece(100 + i), {}, cancel.signal);
    cancel.abort();
    await assert.rejects(result);
  }
  assert.ok(setup.workers[0]!.requests.length < 100, "a worker's queue is bounded");
  const innocents = [2, 3, 4].map((from) => setup.scan(piece(from), {}));
  for (let i = 0; i < 4; i++) await setup.workers[0]!.scanned();
  await Promise.all([busy, ...innocents]);
  assert.deepEqual(begun(setup.workers[0]!), [1, 2, 3, 4]);
});

Deno.test("a queued job that the worker has begun before it is cancelled is stopped, and the next one done", async () => {
  using setup = new Setup(1);
  const first = setup.scan(piece(1), {});
  await settle();
  const cancel = new AbortController();
  const second = setup.scan(piece(2), {}, cancel.signal);
  const worker = setup.workers[0]!;
  // Its answer to the first is on the way when the second is cancelled.
  const deliver = worker.onmessage!;
  const held: Parameters<typeof deliver>[0][] = [];
  worker.onmessage = (event) => held.push(event);
  await worker.scanned();
  assert.deepEqual(begun(worker), [1, 2]);
  cancel.abort();
  await assert.rejects(second);
  const third = setup.scan(piece(3), {});
  worker.onmessage = deliver;
  for (const event of held) deliver(event);
  await first;
  assert.equal(worker.isStopped, true);
  await worker.scanned();
  await worker.scanned({ records: 3 });
  assert.equal((await third).records, 3);
});

Deno.test("a worker that does not leave a cancelled piece in time is replaced", async () => {
  using setup = new Setup(1, { grace: 1 });
  const cancel = new AbortController();
  const running = setup.scan(piece(1), {}, cancel.signal);
  await settle();
  setup.scan(piece(2), {});
  const replaced = setup.event("worker-replaced");
  cancel.abort();
  await assert.rejects(running);
  await replaced;
  await settle();
  assert.equal(setup.workers[0]!.terminated, true);
  assert.deepEqual(setup.given, [[1], [2]]);
  assert.deepEqual(setup.events.filter(({ type }) => type === "worker-replaced"), [
    { type: "worker-replaced", reason: "stuck" },
  ]);
});

Deno.test("a worker that was still starting, or loading its engine, when its first piece was cancelled was replaced: it may take its time", async () => {
  const workers: FakeWorker[] = [];
  using pool = closing(
    new ScanPool({
      workers: 1,
      report: () => {},
      times: { grace: 1, slow: 1e6, idle: 1e6 },
      startWorker: () => {
        workers.push(new FakeWorker());
        return workers.at(-1) as unknown as Worker;
      },
    }),
  );
  const cancel = new AbortController();
  const first = pool.scan(piece(1), { stream: {}, signal: cancel.signal });
  await settle();
  workers[0]!.waits();
  cancel.abort();
  await assert.rejects(first);
  for (let time = 0; time < 5; time++) await replacedElsewhere(1);
  assert.equal(workers[0]!.terminated, false);
  const second = pool.scan(piece(2), { stream: {}, signal: new AbortController().signal });
  await workers[0]!.scanned();
  await workers[0]!.scanned({ records: 2 });
  assert.equal((await second).records, 2);
  assert.equal(workers.length, 1);
});

Deno.test("a job whose answer is on its way is not slow, however late the pool reads it", async () => {
  using setup = new Setup(1, { slow: 1 });
  const result = setup.scan(piece(1), {});
  await settle();
  setup.workers[0]!.finish();
  setup.scan(piece(2), {});
  await foundSlowElsewhere(1);
  assert.equal(setup.workers.length, 1);
  await setup.workers[0]!.scanned();
  await result;
});

Deno.test("the time of a job begins when its worker is up", async () => {
  const workers: FakeWorker[] = [];
  using pool = closing(
    new ScanPool({
      workers: 1,
      report: () => {},
      times: { slow: 1 },
      startWorker: () => {
        workers.push(new FakeWorker());
        return workers.at(-1) as unknown as Worker;
      },
    }),
  );
  for (const from of [1, 2]) {
    pool.scan(piece(from), { stream: {}, signal: new AbortController().signal }).catch(() => {});
  }
  await foundSlowElsewhere(1);
  assert.equal(workers.length, 1);
});
