import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
import { gzipSync } from "node:zlib";
import { lstat } from "../../../src/platform/files.ts";
import { CallingThread } from "../../../src/pool/calling_thread.ts";
import { ManualClock } from "../../harness/manual_clock.ts";
import { Random, runSeed } from "../../harness/random.ts";
import { failure, piece } from "./fake_pool.ts";
import { cri, MemorySource, randomLog, spec, toTheEnd, wholeFrames } from "./log_pieces.ts";

function newThread(sliceMs = 40): CallingThread & Disposable {
  const thread = new CallingThread({ sliceMs, leavesLongLines: false });
  return Object.assign(thread, { [Symbol.dispose]: () => thread.close() });
}

const wanted = () => new AbortController().signal;

Deno.test("pieces of any kind give the same result as one scan of the whole, also in slices", async () => {
  const seed = runSeed();
  console.log(`SEED=${seed}`);
  const random = new Random(seed);
  const bytes = new TextEncoder().encode(randomLog(random, 2000));
  for (const sliceMs of [40, 0]) {
    using thread = newThread(sliceMs);
    for (
      const  of of[spec("forward"), spec("backward"), spec("forward", "needle")]
    ) {
      const whole = {
        ...piece(0, "", new MemorySource(bytes)),
        spec: of,
        to: bytes.length,
        end: bytes.length,
        budget: random.between(100, 100_000),
      };
      const { frames } = await toTheEnd(
        whole,
        (part) => thread.scan(part, { isSmall: random.chance(0.5), signal: wanted() }),
      );
      assert.deepEqual(frames, new Uint8Array(await wholeFrames(bytes, of)), `SEED=${seed}`);
    }
  }
});

Deno.test("a large piece first yields a turn to the event loop, a small one is scanned at once", async () => {
  using thread = newThread();
  const bytes = new TextEncoder().encode(cri("one"));
  const one = { ...piece(0, "", new MemorySource(bytes)), to: bytes.length, end: bytes.length };
  for (const isSmall of [true, false]) {
    let hadTurn = false;
    setImmediate(() => hadTurn = true);
    await thread.scan(one, { isSmall, signal: wanted() });
    assert.equal(hadTurn, !isSmall);
    await new Promise((resolve) => setImmediate(resolve));
  }
});

Deno.test("regression: small pieces of very many streams were all scanned in one turn of the event loop", async () => {
  const clock = new ManualClock();
  const thread = new CallingThread({ sliceMs: 40, leavesLongLines: true, clock });
  const bytes = new TextEncoder().encode(cri("one"));
  const source = new MemorySource(bytes);
  const slow = {
    ...source,
    size: source.size,
    readAt(offset: number, into: Uint8Array): number {
      clock.skip(1);
      return source.readAt(offset, into);
    },
  };
  const one = { ...piece(0, "", slow), to: bytes.length, end: bytes.length };
  await thread.scan(one, { isSmall: true, signal: wanted() });
  clock.skip(10);
  let scanned = 0;
  const cancel = new AbortController();
  const scan = (signal: AbortSignal) => thread.scan(one, { isSmall: true, signal });
  for (let i = 0; i < 19; i++) void scan(wanted()).then(() => scanned++);
  const canceled = assert.rejects(scan(cancel.signal), /nobody wants it/);
  await Promise.resolve();
  const ofTurns: number[] = [];
  for (let before = 0; scanned < 19; before = scanned) {
    await new Promise((resolve) => setImmediate(resolve));
    cancel.abort(new Error("nobody wants it"));
    ofTurns.push(scanned - before);
  }
  await canceled;
  // Eight in a turn; between two looks of this test there may be two.
  assert.ok(Math.max(...ofTurns) <= 16, `${ofTurns} in each turn`);
});

Deno.test("a signal that has fired, or fires while the event loop has its turn, ends the scan", async () => {
  using thread = newThread();
  const source = new MemorySource(new TextEncoder().encode(cri("one")));
  const one = { ...piece(0, "", source), to: source.size, end: source.size };
  const cancel = new AbortController();
  const running = thread.scan(one, { isSmall: false, signal: cancel.signal });
  cancel.abort(new Error("gone"));
  await assert.rejects(running, /gone/);
  await assert.rejects(thread.scan(one, { isSmall: true, signal: cancel.signal }), /gone/);
  await assert.rejects(thread.check(spec("forward", "x"), cancel.signal), /gone/);
  assert.equal(source.reads, 0);
});

Deno.test("a pattern that is none is refused", async () => {
  using thread = newThread();
  await thread.check(spec("forward", "a(b)"), undefined);
  await assert.rejects(thread.check(spec("forward", "a("), undefined), failure("invalid-argument"));
});

Deno.test("a compressed file is examined in slices, and reported as not found if it is gone", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "examine-" });
  try {
    const path = `${folder}/0.log.gz`;
    const text = cri("one").repeat(200_000);
    Deno.writeFileSync(path, gzipSync(text));
    const { dev, ino } = lstat(path);
    using thread = newThread(1);
    let slices = 0;
    for (;; slices++) {
      const examined = await thread.examine({ path, dev, ino }, null, wanted());
      if (examined !== null) break;
    }
    assert.ok(slices > 0, "it was inflated in one go");
    Deno.removeSync(path);
    using another = newThread();
    await assert.rejects(
      another.examine({ path, dev, ino }, null, wanted()),
      failure("not-found"),
    );
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});
