import assert from "node:assert/strict";
import { Failure } from "../../../src/failure/failure.ts";
import { type Piece, type PoolTimes, ScanPool } from "../../../src/pool/pool.ts";
import type { AgentEvent } from "../../../src/telemetry/events.ts";
import { FakeWorker } from "./fake_worker.ts";
import { cri, MemorySource, spec, toTheEnd, wholeFrames } from "./log_pieces.ts";

/** A pool of fake workers, and what it reported. */
class Setup implements Disposable {
  readonly workers: FakeWorker[] = [];
  readonly events: AgentEvent[] = [];
  readonly pool: ScanPool;
  #watched: { type: AgentEvent["type"]; seen: () => void }[] = [];

  constructor(workers: number, times: Partial<PoolTimes> = {}) {
    this.pool = new ScanPool({
      workers,
      times: { slow: 1e6, grace: 1e6, idle: 1e6, ...times },
      report: (event) => {
        this.events.push(event);
        for (const watch of this.#watched) if (watch.type === event.type) watch.seen();
      },
      startWorker: () => {
        const worker = new FakeWorker();
        this.workers.push(worker);
        queueMicrotask(() => worker.ready());
        return worker as unknown as Worker;
      },
    });
  }

  event(type: AgentEvent["type"]): Promise<void> {
    return new Promise((seen) => this.#watched.push({ type, seen }));
  }

  scan(piece: Piece, stream: object, signal = new AbortController().signal) {
    const result = this.pool.scan(piece, { stream, signal });
    result.catch(() => {}); // Seen where it is awaited; some never are.
    return result;
  }

  /** The `from` of every piece that workers were given (and that was not taken back), in the order of the workers. */
  get given(): number[][] {
    return this.workers.map(({ valid }) =>
      valid.map((order) => order.kind === "scan" ? order.piece.from : -1)
    );
  }

  [Symbol.dispose](): void {
    this.pool.close();
  }
}

const large = 1 << 20;

/** A large piece, told from others by where it begins. */
function piece(from: number, grep = "x", source: Piece["source"] = onDisk): Piece {
  const to = from + large;
  return {
    spec: spec("forward", grep),
    source,
    from,
    to,
    end: to,
    first: from,
    skip: 0,
    budget: 1,
  };
}

const onDisk: Piece["source"] = { path: "/log", dev: 1, ino: 2, size: 1e9, readAt: () => 0 };

/** Lets everything run that waits for nothing but its turn. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await Promise.resolve();
}

function failure(kind: Failure["kind"]) {
  return (error: unknown) => error instanceof Failure && error.kind === kind;
}

Deno.test("workers start when there is work for them, and no more than allowed", async () => {
  using setup = new Setup(2);
  assert.equal(setup.workers.length, 0);
  const results = [1, 2, 3].map((from) => setup.scan(piece(from), setup));
  assert.deepEqual(setup.given, [[1], [2]]);
  setup.workers[1]!.scanned({ records: 7 });
  assert.equal((await results[1]!).records, 7);
  assert.deepEqual(setup.given, [[1], [2, 3]]);
});

Deno.test("a worker that is at a job may have one more behind it, so that it need not wait for the pool", async () => {
  using setup = new Setup(1);
  const stream = {};
  const results = [1, 2, 3, 4].map((from) => setup.scan(piece(from), stream));
  await settle(); // The worker is up.
  setup.workers[0]!.scanned();
  await results[0];
  assert.deepEqual(setup.given, [[1, 2, 3]]);
  setup.workers[0]!.scanned({ records: 2 });
  assert.equal((await results[1]!).records, 2);
  assert.deepEqual(setup.given, [[1, 2, 3, 4]]);
});

Deno.test("a free worker takes the next job, the one that worked last first: its file is open", async () => {
  using setup = new Setup(2);
  const first = [setup.scan(piece(1), {}), setup.scan(piece(2), {})];
  setup.workers[1]!.scanned();
  await first[1];
  setup.workers[0]!.scanned();
  await first[0];
  setup.scan(piece(3), {});
  assert.deepEqual(setup.given, [[1, 3], [2]]);
});

Deno.test("a small piece without grep is scanned in place, at once", async () => {
  using setup = new Setup(2);
  const text = new TextEncoder().encode(cri("one") + cri("two"));
  const source = new MemorySource(text);
  const small = { ...piece(0, "", source), to: text.length, end: text.length, budget: 1e9 };
  const result = await setup.scan(small, {});
  assert.equal(setup.workers.length, 0);
  assert.deepEqual(result.frames, await wholeFrames(text, small.spec));
});

Deno.test("without workers everything is scanned in place, patterns too", async () => {
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

Deno.test("a small piece with grep is read by the owner and carried to the worker at once", async () => {
  using setup = new Setup(1);
  const text = new TextEncoder().encode(cri("one") + cri("two"));
  const source = {
    ...onDisk,
    readAt: new MemorySource(text).readAt.bind({ bytes: text, reads: 0 }),
  };
  const small = { ...piece(0, "one", source), to: text.length, end: text.length };
  const result = setup.scan(small, {});
  const [order] = setup.workers[0]!.orders;
  assert.ok(order?.kind === "scan" && "bytes" in order.source);
  assert.deepEqual(order.source.bytes, text);
  setup.workers[0]!.scanned();
  await result;
});

Deno.test("a piece whose file a worker cannot open is read by the owner, a part at a time", async () => {
  using setup = new Setup(1);
  const text = new TextEncoder().encode(cri("x".repeat(100)).repeat(20_000));
  const source = new MemorySource(text);
  const { path, dev, ino } = onDisk;
  const readable = { path, dev, ino, size: text.length, readAt: source.readAt.bind(source) };
  const whole = { ...piece(0, "x", readable), to: text.length, end: text.length };
  const result = setup.scan(whole, {});
  const worker = setup.workers[0]!;
  assert.deepEqual(worker.orders[0]?.kind === "scan" && worker.orders[0].source, {
    path,
    dev,
    ino,
  });
  worker.notMine();
  const second = worker.orders[1];
  assert.ok(second?.kind === "scan" && "bytes" in second.source);
  assert.ok(second.source.bytes.length <= 1.1 * large);
  worker.scanned({ records: 3 });
  const { resume, short } = await result;
  assert.deepEqual({ resume, short }, { resume: { offset: large, skip: 0 }, short: false });
});

Deno.test("bytes that the owner no longer finds make a carried piece short", async () => {
  using setup = new Setup(1);
  const source = new MemorySource(new TextEncoder().encode(cri("one")));
  const result = setup.scan({ ...piece(0, "x", source), to: 5000, end: 5000 }, {});
  setup.workers[0]!.scanned();
  const { resume, short } = await result;
  assert.deepEqual({ resume, short }, { resume: null, short: true });
});

Deno.test("an owner that cannot read its file fails that piece alone", async () => {
  using setup = new Setup(1);
  const broken = { ...onDisk, dev: -1, readAt: () => assert.fail("input/output error") };
  await assert.rejects(setup.scan(piece(1, "x", broken), {}), /input\/output error/);
  const next = setup.scan(piece(2), {});
  setup.workers[0]!.scanned();
  await next;
});

Deno.test("a job that waits is dropped as soon as its stream is cancelled", async () => {
  using setup = new Setup(1);
  setup.scan(piece(1), {});
  const cancel = new AbortController();
  const waiting = setup.scan(piece(2), {}, cancel.signal);
  const reason = new Error("the caller has gone");
  cancel.abort(reason);
  await assert.rejects(waiting, reason);
  setup.workers[0]!.scanned();
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

Deno.test("a worker is told when its piece is not wanted any more, and goes on with the next when it has left it", async () => {
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
  setup.workers[0]!.scanned();
  assert.equal(setup.workers[0]!.orders.length, 3);
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

Deno.test("a worker whose regex engine was ended amid a cancelled piece is replaced, for it may have grown large", async () => {
  using setup = new Setup(1);
  const cancel = new AbortController();
  const running = setup.scan(piece(1), {}, cancel.signal);
  const next = setup.scan(piece(2), {});
  await settle();
  cancel.abort();
  await assert.rejects(running);
  setup.workers[0]!.broken();
  assert.equal(setup.workers[0]!.terminated, true);
  await settle();
  setup.workers[1]!.scanned({ records: 2 });
  assert.equal((await next).records, 2);
});

Deno.test("a worker whose regex engine broke by itself counts as dead", async () => {
  using setup = new Setup(1);
  const result = setup.scan(piece(1), {});
  for (const worker of [0, 1]) {
    await settle();
    setup.workers[worker]!.broken();
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
  setup.workers[1]!.scanned({ records: 5 });
  assert.equal((await result).records, 5);
  assert.deepEqual(setup.given, [[1, 2], [1, 2, 3]]);
  assert.deepEqual(setup.events.filter(({ type }) => type === "worker-replaced"), [
    { type: "worker-replaced", reason: "died" },
  ]);
});

Deno.test("a piece that two workers died of fails; what was behind it goes on", async () => {
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
  setup.workers[2]!.scanned({ records: 2 });
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
  assert.equal(setup.workers[0]!.isStopped, false, "the slow job goes on where it is");
  assert.deepEqual(setup.given.slice(0, 2), [[1], [10]]);
  setup.workers[1]!.scanned();
  await other;
  assert.deepEqual(
    setup.given,
    [[1], [10]],
    "what the slow stream asks for next waits in the slow lane",
  );
  setup.workers[0]!.scanned();
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
  setup.workers[1]!.scanned();
  await other;
  for (let turn = 1; turn <= 4; turn++) setup.workers[0]!.scanned();
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
  setup.workers[1]!.scanned();
  await other;
});

Deno.test("a job whose answer is on the way is not slow, however late the pool comes to read it", async () => {
  using setup = new Setup(1, { slow: 1 });
  const result = setup.scan(piece(1), {});
  await settle();
  setup.workers[0]!.finish();
  setup.scan(piece(2), {});
  await new Promise((resolve) => setTimeout(resolve, 5)); // Longer than slow: nothing is to happen.
  assert.equal(setup.workers.length, 1);
  setup.workers[0]!.scanned();
  await result;
});

Deno.test("a slow job is left alone while nobody else waits", async () => {
  using setup = new Setup(1, { slow: 1 });
  const stream = {};
  const first = setup.scan(piece(1), stream);
  setup.scan(piece(2), stream);
  await new Promise((resolve) => setTimeout(resolve, 5)); // Longer than slow: nothing is to happen.
  setup.workers[0]!.scanned();
  await first;
  assert.deepEqual(setup.given, [[1, 2]]);
});

Deno.test("a slow job that comes when the slow lane is full is stopped and waits there for its turn", async () => {
  using setup = new Setup(1, { slow: 5, grace: 1 });
  const results = [1, 2, 3].map((from) => setup.scan(piece(from, `pattern ${from}`), {}));
  // 1 moves to the slow lane; 2 is stopped because that is full; then it is the turn of 3.
  await setup.event("worker-replaced");
  await settle();
  assert.equal(setup.workers[1]!.terminated, true);
  assert.deepEqual(setup.given, [[1], [2], [3]]);
  setup.workers[0]!.scanned();
  await results[0];
  assert.deepEqual(setup.given, [[1, 2], [2], [3]]);
  setup.workers[0]!.scanned({ records: 3 });
  assert.equal((await results[1]!).records, 3);
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
  await new Promise((resolve) => setTimeout(resolve, 5)); // Longer than slow: nothing is to happen.
  assert.equal(workers.length, 1);
});

Deno.test("a slow pattern's check moves its stream to the slow lane, too", async () => {
  using setup = new Setup(1, { slow: 5 });
  const stream = {};
  const checked = setup.pool.check("huge", { stream });
  const other = setup.scan(piece(1), {});
  await setup.event("workers");
  await settle();
  assert.deepEqual(setup.given, [[-1], [1]]);
  setup.workers[0]!.checked();
  await checked;
  setup.scan(piece(2), stream);
  assert.deepEqual(setup.given, [[-1, 2], [1]]);
  setup.workers[1]!.scanned();
  await other;
});

Deno.test("workers without work end after a while, and start again", async () => {
  using setup = new Setup(1, { idle: 5 });
  const first = setup.scan(piece(1), {});
  setup.workers[0]!.scanned();
  await first;
  await setup.event("workers");
  assert.equal(setup.workers[0]!.terminated, true);
  const second = setup.scan(piece(2), {});
  setup.workers[1]!.scanned();
  await second;
  assert.deepEqual(
    setup.events.map((event) => event.type === "workers" ? event.count : event.type),
    [1, 0, 1],
  );
});

Deno.test("close ends all workers and rejects all that is not done, and what comes later", async () => {
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

function closing(pool: ScanPool): ScanPool & Disposable {
  return Object.assign(pool, { [Symbol.dispose]: () => pool.close() });
}
