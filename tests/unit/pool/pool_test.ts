import assert from "node:assert/strict";
import { Failure } from "../../../src/failure/failure.ts";
import {
  type Piece,
  type PoolTimes,
  ScanPool,
  type ScanPoolOptions,
} from "../../../src/pool/pool.ts";
import type { AgentEvent } from "../../../src/telemetry/events.ts";
import { FakeWorker, settle } from "./fake_worker.ts";
import { cri, MemorySource, spec, toTheEnd, wholeFrames } from "./log_pieces.ts";

/** A pool of fake workers, and what it reported. */
class Setup implements Disposable {
  readonly workers: FakeWorker[] = [];
  readonly events: AgentEvent[] = [];
  readonly pool: ScanPool;
  #watched: { type: AgentEvent["type"]; seen: () => void }[] = [];

  constructor(
    workers: number,
    times: Partial<PoolTimes> = {},
    more: Partial<ScanPoolOptions> = {},
  ) {
    this.pool = new ScanPool({
      workers,
      ...more,
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

  scan(piece: Piece, stream: object, signal = new AbortController().signal, user = "") {
    const result = this.pool.scan(piece, { stream, signal, user });
    result.catch(() => {}); // Seen where it is awaited; some never are.
    return result;
  }

  /** The `from` of every piece that workers were given (and that was not taken back), in the order of the workers. */
  get given(): number[][] {
    return this.workers.map(({ valid }) =>
      valid.map((request) => request.kind === "scan" ? request.piece.from : -1)
    );
  }

  [Symbol.dispose](): void {
    this.pool.close();
  }
}

const MIB = 2 ** 20;
const LARGE = MIB;

/** A large piece, told from others by where it begins. */
function piece(from: number, grep = "x", source: Piece["source"] = onDisk): Piece {
  const to = from + LARGE;
  return {
    spec: spec("forward", grep),
    source,
    from,
    to,
    end: to,
    first: from,
    line: null,
    skip: 0,
    window: null,
    budget: 1,
  };
}

const onDisk: Piece["source"] = { path: "/log", dev: 1, ino: 2, size: 1e9, readAt: () => 0 };

/** The `from` of every piece that the worker has begun. */
function begun(worker: FakeWorker): number[] {
  return worker.begun.map((request) => request.kind === "scan" ? request.piece.from : -1);
}

function failure(kind: Failure["kind"]) {
  return (error: unknown) => error instanceof Failure && error.kind === kind;
}

Deno.test("workers start when there is work for them, and no more than allowed", async () => {
  using setup = new Setup(2);
  assert.equal(setup.workers.length, 0);
  const results = [1, 2, 3].map((from) => setup.scan(piece(from), setup));
  assert.deepEqual(setup.given, [[1], [2]]);
  await setup.workers[1]!.scanned({ records: 7 });
  assert.equal((await results[1]!).records, 7);
  assert.deepEqual(setup.given, [[1, 3], [2]], "the third is queued behind the first");
});

Deno.test("a worker that is at a job may have one more behind it, so that it need not wait for the pool", async () => {
  using setup = new Setup(1);
  const stream = {};
  const results = [1, 2, 3, 4].map((from) => setup.scan(piece(from), stream));
  await settle(); // The worker is up.
  await setup.workers[0]!.scanned();
  await results[0];
  assert.deepEqual(setup.given, [[1, 2, 3]]);
  await setup.workers[0]!.scanned({ records: 2 });
  assert.equal((await results[1]!).records, 2);
  assert.deepEqual(setup.given, [[1, 2, 3, 4]]);
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

Deno.test("a run of NULs that begins in a small piece was read through by the owner: a worker reads on", async () => {
  using setup = new Setup(1);
  let read = 0;
  const nuls = {
    ...onDisk,
    size: 2 ** 31,
    readAt(_offset: number, into: Uint8Array) {
      read += into.length;
      into.fill(0);
      return into.length;
    },
  };
  const small = { ...piece(0, "one", nuls), to: 64 * 1024, end: nuls.size };
  const result = setup.scan(small, {});
  const [inlined] = setup.workers[0]!.requests;
  assert.ok(inlined?.kind === "scan" && "bytes" in inlined.source);
  assert.equal(inlined.source.bytes.length, 0);
  assert.ok(read < 8 * 2 ** 20, `the owner has read ${read} bytes`);
  await setup.workers[0]!.scanned();
  const { resume } = await result;
  assert.ok(resume !== null && resume.line !== null);
  const next = setup.scan({ ...small, ...resume, from: resume.offset }, {});
  const request = setup.workers[0]!.requests.at(-1);
  assert.ok(request?.kind === "scan" && "path" in request.source);
  await setup.workers[0]!.scanned();
  await next;
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
  const [request] = setup.workers[0]!.requests;
  assert.ok(request?.kind === "scan" && "bytes" in request.source);
  assert.deepEqual(request.source.bytes, text);
  await setup.workers[0]!.scanned();
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
  assert.deepEqual(worker.requests[0]?.kind === "scan" && worker.requests[0].source, {
    path,
    dev,
    ino,
    isCompressed: false,
  });
  await worker.fileUnavailable();
  const second = worker.requests[1];
  assert.ok(second?.kind === "scan" && "bytes" in second.source);
  assert.ok(second.source.bytes.length <= 1.1 * LARGE);
  await worker.scanned({ records: 3 });
  const { resume, short } = await result;
  assert.deepEqual({ resume, short }, {
    // Where the last line that was carried ends.
    resume: { offset: second.source.bytes.length, skip: 0, line: null },
    short: false,
  });
});

Deno.test("bytes that the owner no longer finds make a carried piece short", async () => {
  using setup = new Setup(1);
  const source = new MemorySource(new TextEncoder().encode(cri("one")));
  const result = setup.scan({ ...piece(0, "x", source), to: 5000, end: 5000 }, {});
  await setup.workers[0]!.scanned();
  const { resume, short } = await result;
  assert.deepEqual({ resume, short }, { resume: null, short: true });
});

Deno.test("an owner that cannot read its file fails that piece alone", async () => {
  using setup = new Setup(1);
  const broken = { ...onDisk, dev: null, readAt: () => assert.fail("input/output error") };
  await assert.rejects(setup.scan(piece(1, "x", broken), {}), /input\/output error/);
  const next = setup.scan(piece(2), {});
  await setup.workers[0]!.scanned();
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
  await new Promise((resolve) => setTimeout(resolve, 10)); // Longer than the grace: nothing is to happen.
  assert.equal(workers[0]!.terminated, false);
  const second = pool.scan(piece(2), { stream: {}, signal: new AbortController().signal });
  await workers[0]!.scanned();
  await workers[0]!.scanned({ records: 2 });
  assert.equal((await second).records, 2);
  assert.equal(workers.length, 1);
});

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

Deno.test("a worker whose regex engine broke by itself counts as dead", async () => {
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
  assert.equal(setup.workers[0]!.isStopped, false, "the slow job goes on where it is");
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

Deno.test("a job whose answer is on the way is not slow, however late the pool comes to read it", async () => {
  using setup = new Setup(1, { slow: 1 });
  const result = setup.scan(piece(1), {});
  await settle();
  setup.workers[0]!.finish();
  setup.scan(piece(2), {});
  await new Promise((resolve) => setTimeout(resolve, 5)); // Longer than slow: nothing is to happen.
  assert.equal(setup.workers.length, 1);
  await setup.workers[0]!.scanned();
  await result;
});

Deno.test("a slow job is left alone while nobody else waits", async () => {
  using setup = new Setup(1, { slow: 1 });
  const stream = {};
  const first = setup.scan(piece(1), stream);
  setup.scan(piece(2), stream);
  await new Promise((resolve) => setTimeout(resolve, 5)); // Longer than slow: nothing is to happen.
  await setup.workers[0]!.scanned();
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
  await setup.workers[0]!.scanned();
  await results[0];
  assert.deepEqual(setup.given, [[1, 2], [2], [3]]);
  await setup.workers[0]!.scanned({ records: 3 });
  assert.equal((await results[1]!).records, 3);
});

Deno.test("a search on a slow disk, and the first that loads the regex engine, counted as slow patterns: only computing counts", async () => {
  using setup = new Setup(1, { slow: 5 });
  const reader = {};
  const waiting = setup.scan(piece(1, "pattern"), reader);
  await settle();
  setup.workers[0]!.waits();
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
  await setup.workers[0]!.checked();
  await checked;
  setup.scan(piece(2), stream);
  assert.deepEqual(setup.given, [[-1, 2], [1]]);
  await setup.workers[1]!.scanned();
  await other;
});

Deno.test("workers without work end after a while, and start again", async () => {
  using setup = new Setup(1, { idle: 5 });
  const first = setup.scan(piece(1), {});
  await setup.workers[0]!.scanned();
  await first;
  await setup.event("workers");
  assert.equal(setup.workers[0]!.terminated, true);
  const second = setup.scan(piece(2), {});
  await setup.workers[1]!.scanned();
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
