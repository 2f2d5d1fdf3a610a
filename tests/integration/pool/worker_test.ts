import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { Failure } from "../../../src/failure/failure.ts";
import { openFile } from "../../../src/platform/files.ts";
import { type Piece, ScanPool } from "../../../src/pool/pool.ts";
import type { AgentEvent } from "../../../src/telemetry/events.ts";
import { descriptors } from "../../harness/process_descriptors.ts";
import { Random, runSeed } from "../../harness/random.ts";
import {
  cri,
  joined,
  randomLog,
  spec,
  toTheEnd,
  wholeFrames,
  wholePiece,
} from "../../unit/pool/log_pieces.ts";

/** A pool of real workers, and logs in a separate folder. */
class Setup implements Disposable {
  readonly folder = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "pool-" }));
  readonly events: AgentEvent[] = [];
  readonly pool: ScanPool;
  #files: { close(): void }[] = [];

  constructor(workers: number, readRoots: readonly string[] = [this.folder]) {
    this.pool = new ScanPool({
      workers,
      report: (event) => this.events.push(event),
      readRoots: () => readRoots,
    });
  }

  /** Writes a log and opens it as its owner does. */
  log(name: string, text: string): { bytes: Uint8Array; path: string; source: Piece["source"] } {
    const path = join(this.folder, name);
    const bytes = new TextEncoder().encode(text);
    writeFileSync(path, bytes);
    const file = openFile(path);
    this.#files.push(file);
    const { dev, ino, size } = file.facts();
    const source = { path, dev, ino, size, readAt: file.readAt };
    return { bytes, path, source };
  }

  scan(piece: Piece, stream: object = {}, signal = new AbortController().signal) {
    return this.pool.scan(piece, { stream, signal });
  }

  replaced(): AgentEvent[] {
    return this.events.filter(({ type }) => type === "worker-replaced");
  }

  [Symbol.dispose](): void {
    this.pool.close();
    for (const file of this.#files) file.close();
    Deno.removeSync(this.folder, { recursive: true });
  }
}

function whole(source: Piece["source"], of: Piece["spec"], budget = 1 << 18): Piece {
  return wholePiece(source, of, budget);
}

Deno.test("workers return the same as a scan in place, from the file, inlined, and after it was replaced", async () => {
  using setup = new Setup(2);
  const seed = runSeed();
  const random = new Random(seed);
  const log = setup.log("a.log", randomLog(random, 6000));
  const of = [
    spec("forward"),
    spec("backward"),
    spec("forward", "needle"),
    spec("backward", "xxx$"),
  ];
  const check = async (state: string) => {
    await Promise.all(of.map(async (each) => {
      const { frames } = await toTheEnd(whole(log.source, each), (part) => setup.scan(part, each));
      const label = `SEED=${seed} ${state} ${JSON.stringify(each)}`;
      assertSame(frames, await wholeFrames(log.bytes, each), label);
    }));
  };
  await check("opened by the worker");
  renameSync(log.path, `${log.path}.1`);
  await check("renamed");
  setup.log("a.log", cri("another file has taken its place").repeat(9000));
  await check("replaced");
  assert.deepEqual(setup.replaced(), []);
});

Deno.test("a file that workers may not read is read by its owner", async () => {
  using setup = new Setup(1, ["/var/log/pods"]);
  const log = setup.log("a.log", cri("one needle").repeat(30_000));
  const of = spec("forward", "needle");
  const { records } = await toTheEnd(whole(log.source, of), (part) => setup.scan(part));
  assert.equal(records, 30_000);
});

Deno.test("pieces of one log that are scanned side by side make up the whole", async () => {
  using setup = new Setup(2);
  const log = setup.log("a.log", randomLog(new Random(1), 9000));
  const of = spec("forward", "needle");
  const step = 100_000;
  const pieces: Piece[] = [];
  for (let from = 0; from < log.source.size; from += step) {
    const to = Math.min(from + step, log.source.size);
    pieces.push({ ...whole(log.source, of, Infinity), from, to });
  }
  const results = await Promise.all(
    pieces.map((piece) => toTheEnd(piece, (part) => setup.scan(part, of))),
  );
  const frames = joined(results.map((result) => result.frames));
  assertSame(frames, await wholeFrames(log.bytes, of), "side by side");
});

Deno.test("a pattern is checked by a worker: the parser's message comes back", async () => {
  using setup = new Setup(1);
  await setup.pool.check("a|b");
  await assert.rejects(setup.pool.check("a("), (error) => {
    assert.ok(error instanceof Failure);
    assert.equal(error.kind, "invalid-argument");
    assert.match(error.message, /^Invalid grep pattern: [^]*unclosed group/);
    return true;
  });
});

Deno.test("a pattern that takes long to compile can be cancelled, and does not hold up others", async () => {
  using setup = new Setup(1);
  const slow = String.raw`(\w{90}\w{90}\w{90}|\pL{200}|\pL{201}|\pL{202}|\pL{203})\w{300}`;
  const cancel = new AbortController();
  const checked = setup.pool.check(slow, { signal: cancel.signal });
  const other = setup.pool.check("needle");
  cancel.abort(new Error("gone"));
  await assert.rejects(checked, /gone/);
  await other;
});

/** Linear, but slow: more than ten seconds for a line of 1 MB. */
const slowPattern = String.raw`\w{200}z`;

const slowLine = cri(`${"x".repeat(199)}z `.repeat(5200));

Deno.test("slow patterns on long lines hold up neither a grep nor a plain scan, and end when cancelled", async () => {
  using setup = new Setup(1);
  const long = setup.log("long.log", slowLine.repeat(2));
  const plain = setup.log("plain.log", cri("one needle").repeat(20_000));
  const cancel = new AbortController();
  let slowDone = 0;
  const slow = [1, 2, 3, 4].map((stream) => {
    const of = { ...spec("forward", slowPattern), maxRecordBytes: 2 << 20 };
    const result = setup.scan(whole(long.source, of), { stream }, cancel.signal);
    return result.then(() => slowDone++);
  });
  const cancelled = Promise.allSettled(slow);
  for (const each of [spec("forward", "needle"), spec("backward")]) {
    const { records } = await toTheEnd(whole(plain.source, each), (part) => setup.scan(part, each));
    assert.equal(records, 20_000);
  }
  assert.equal(slowDone, 0, "the slow patterns were to take longer than the others");
  cancel.abort(new Error("gone"));
  for (const result of await cancelled) assert.equal(result.status, "rejected");

  // The threads stop it too: otherwise the rest of the slow lines would keep the machine busy for a minute.
  await quiet();
  const of = spec("forward", "needle");
  const { records } = await toTheEnd(whole(plain.source, of), (part) => setup.scan(part));
  assert.equal(records, 20_000);
});

Deno.test("randomly cancelled streams cost no other stream a record, and nothing keeps running when all are done", async () => {
  using setup = new Setup(2);
  const seed = runSeed();
  const random = new Random(seed);
  const log = setup.log("a.log", cri("one needle").repeat(40_000));
  const stay: Promise<{ records: number }>[] = [];
  const gone: Promise<unknown>[] = [];
  for (let stream = 0; stream < 24; stream++) {
    const isCancelled = random.chance(0.6);
    const cancel = new AbortController();
    // Each with its own pattern, so that none is shared.
    const of = spec("forward", `needle|stream ${stream}`);
    const piece = whole(log.source, of, 1 << 16);
    const key = { stream };
    if (!isCancelled) {
      stay.push(toTheEnd(piece, (part) => setup.scan(part, key)));
      continue;
    }
    for (const from of [0, 1, 2, 3].map((part) => part * Math.floor(piece.to / 4))) {
      gone.push(setup.scan({ ...piece, from }, key, cancel.signal));
    }
    if (random.chance(0.5)) cancel.abort(new Error("gone"));
    else queueMicrotask(() => cancel.abort(new Error("gone")));
  }
  for (const { status } of await Promise.allSettled(gone)) assert.equal(status, "rejected");
  for (const { records } of await Promise.all(stay)) assert.equal(records, 40_000, `SEED=${seed}`);
  await quiet();
});

Deno.test("engines of large patterns take only their share, whoever else searches", async () => {
  using setup = new Setup(2);
  const log = setup.log("a.log", cri("one needle").repeat(20_000));
  const patterns = [String.raw`\w{150}z`, ".{9000}", String.raw`\pL{150}`, "(.*a){6000}"];
  const large = patterns.map((pattern) => setup.pool.check(pattern, { user: "large" }));
  const of = spec("forward", "n[e]+dle");
  const { records } = await toTheEnd(whole(log.source, of), (part) => setup.scan(part, of));
  assert.equal(records, 20_000);
  await Promise.all(large);
  const most = Math.max(...setup.events.map((event) => event.type === "engines" ? event.bytes : 0));
  assert.ok(most > 16 * 2 ** 20 && most <= 160 * 2 ** 20, `${most} bytes`);
});

/** Waits until no thread of this process computes any more. */
async function quiet(): Promise<void> {
  let quietTimes = 0;
  while (quietTimes < 5) {
    quietTimes = await usesCpu() ? 0 : quietTimes + 1;
  }
}

/** Whether any thread of this process computes, observed for 50 ms. */
async function usesCpu(): Promise<boolean> {
  const before = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const { user, system } = process.cpuUsage(before);
  return user + system > 25_000;
}

Deno.test("files that workers opened are closed when no more pieces come, and when the pool is closed", async () => {
  const setup = new Setup(2);
  const logs = ["a", "b", "c"].map((name) => setup.log(name, cri("needle").repeat(5000)));
  const of = spec("forward", "needle");
  await Promise.all(
    logs.map((log) => toTheEnd(whole(log.source, of), (part) => setup.scan(part))),
  );
  while (openLogs(setup.folder) > logs.length) await turn();
  await toTheEnd(whole(logs[0]!.source, of), (part) => setup.scan(part));
  setup[Symbol.dispose]();
  while (openLogs(setup.folder) > 0) await turn();
});

Deno.test("a request for a path that has become a FIFO does not wait for its writer", async () => {
  using setup = new Setup(1);
  const log = setup.log("a.log", cri("needle").repeat(5000));
  Deno.removeSync(log.path);
  const made = new Deno.Command("mkfifo", { args: [log.path] }).outputSync();
  assert.ok(made.success);
  const of = spec("forward", "needle");
  const { records } = await toTheEnd(whole(log.source, of), (part) => setup.scan(part));
  assert.equal(records, 5000);
});

/** How many descriptors of this process point into the folder. */
function openLogs(folder: string): number {
  return descriptors().filter((target) => target.startsWith(folder)).length;
}

/** Replaces assert.deepEqual, which takes seconds for megabytes. */
function assertSame(actual: Uint8Array, expected: Uint8Array, label: string): void {
  assert.equal(actual.length, expected.length, label);
  assert.ok(Buffer.compare(actual, expected) === 0, `other bytes: ${label}`);
}

/** Lets other threads and timers run. */
function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 1));
}
