import assert from "node:assert/strict";
import { LogFile } from "../../../src/files/log_file.ts";
import { LogSegment } from "../../../src/files/log_segment.ts";
import { checkClosed, dueAt, finishAll, parkClosed } from "../../../src/files/closed_segments.ts";
import type { RotatedHistory } from "../../../src/files/rotated_history.ts";
import { SegmentChain } from "../../../src/files/segment_chain.ts";
import { type FileSystem, type OpenFile, replaceFileSystem } from "../../../src/platform/files.ts";
import { criLine, criLines, MemoryLog } from "../../harness/memory_log.ts";

const MIB = 2 ** 20;
/**
 * Two steps, because a rotation examines the old file twice, and the bytes that are compared around them: a few
 * milliseconds.
 */
const MAX_STEP_BYTES = 20 * MIB;
const nuls = "\0".repeat(20 * MIB);

/** Measures the most that was read between two turns of the event loop: each timer's call is one turn. */
class Turns implements Disposable {
  most = 0;
  #bytes = 0;
  readonly #replaced: Disposable;

  constructor(log: MemoryLog) {
    const { files, clock } = log;
    const counted = (file: OpenFile): OpenFile => ({
      ...file,
      readAt: (offset, into) => {
        const count = file.readAt(offset, into);
        this.#bytes += count;
        this.most = Math.max(this.most, this.#bytes);
        return count;
      },
    });
    const after = clock.after.bind(clock);
    clock.after = (ms, callback) =>
      after(ms, () => {
        this.begin();
        callback();
        this.begin();
      });
    const bind = <K extends keyof FileSystem>(name: K) => files[name].bind(files) as FileSystem[K];
    this.#replaced = replaceFileSystem({
      stat: bind("stat"),
      lstat: bind("lstat"),
      realPath: bind("realPath"),
      readLink: bind("readLink"),
      readDirectory: bind("readDirectory"),
      openFile: (path) => counted(files.openFile(path)),
    });
  }

  begin(): void {
    this.#bytes = 0;
  }

  [Symbol.dispose](): void {
    this.#replaced[Symbol.dispose]();
  }
}

/** What a follower gets of a log with NULs around a line, when the log is rotated just after they were written. */
function followed(go: (log: MemoryLog) => void): { text: string; most: number; lost: unknown } {
  using log = new MemoryLog();
  using turns = new Turns(log);
  log.append(criLine(1));
  const reader = log.follow();
  log.append(nuls + criLine(2) + nuls + criLine(3).slice(0, -1) + "x".repeat(20 * MIB));
  go(log);
  turns.begin();
  log.check();
  log.clock.advance(3000);
  const { most } = turns;
  const text = reader.text().replaceAll("\0", "").replaceAll("x", "");
  return { text, most, lost: log.lost };
}

Deno.test("regression: what was not read when a segment closed was dropped, or held the event loop", () => {
  const { text, most, lost } = followed((log) => {
    log.rename(".1");
    log.append(criLine(4));
  });
  assert.equal(text, criLines(1, 3).slice(0, -1) + criLine(4));
  assert.deepEqual(lost, {});
  assert.ok(most <= MAX_STEP_BYTES, `${most} bytes read at a time`);
});

Deno.test("regression: what was written just before a log's end was dropped, or held the event loop", () => {
  const { text, most, lost } = followed((log) => {
    log.files.remove(log.path);
    log.files.remove(log.link);
    log.check();
    log.clock.advance(1995);
    log.append(nuls + criLine(4) + nuls + "x");
  });
  assert.equal(text, criLines(1, 3).slice(0, -1) + criLine(4));
  assert.deepEqual(lost, {});
  assert.ok(most <= MAX_STEP_BYTES, `${most} bytes read at a time`);
});

Deno.test("regression: the log that is written to was read on at the next event only", () => {
  const { text, most } = followed(() => {});
  assert.equal(text, criLines(1, 2));
  assert.ok(most <= MAX_STEP_BYTES, `${most} bytes read at a time`);
});

Deno.test("regression: a copy of a truncated log was read to its end in one go", () => {
  const { text, most, lost } = followed((log) => {
    log.copyTruncate(".1");
    log.append(criLine(4));
  });
  assert.equal(text, criLines(1, 3).slice(0, -1) + criLine(4));
  assert.deepEqual(lost, {});
  assert.ok(most <= MAX_STEP_BYTES, `${most} bytes read at a time`);
});

/** A chain of segments of one line each, all closed except the last one; nobody reads them. */
function closedChain(log: MemoryLog, count: number): SegmentChain {
  const open = (n: number): LogSegment => {
    const path = `/pods/ns_pod_uid/app/${n}`;
    log.files.create(path)(new TextEncoder().encode(criLine(n)));
    const { dev, ino } = log.files.lstat(path);
    const segment = new LogSegment(LogFile.open({ realPath: path, dev, ino }));
    segment.grow();
    return segment;
  };
  const chain = new SegmentChain(open(1));
  for (let n = 2; n <= count; n++) {
    chain.current.close(0);
    chain.append(open(n));
  }
  return chain;
}

const noHistory = {} as RotatedHistory;

Deno.test("a closed segment neither settles nor is finished before it is read, a step at each check", () => {
  using log = new MemoryLog();
  const chain = closedChain(log, 1);
  const [first] = [...chain];
  assert.ok(first !== undefined);
  log.files.create("/long")(new TextEncoder().encode(criLine(2) + nuls));
  const { dev, ino } = log.files.lstat("/long");
  const long = new LogSegment(LogFile.open({ realPath: "/long", dev, ino }));
  chain.append(long);
  long.grow();
  long.close(0);
  chain.append(first);
  let steps = 0;
  for (; long.isBehind; steps++) {
    assert.equal(long.stage, "closing");
    assert.equal(dueAt(chain), 0);
    checkClosed(chain, noHistory, 10_000);
  }
  assert.ok(steps >= 4, `${steps} steps`);
  assert.equal(long.stage, "finished");
  assert.equal(long.committed, criLine(2).length + nuls.length);
  for (const segment of [first, long]) segment[Symbol.dispose]();
});

Deno.test("regression: a step of each closed segment was read in one turn of the event loop, however many there were", () => {
  using log = new MemoryLog();
  const chain = closedChain(log, 1);
  const long = Array.from({ length: 4 }, (_, n) => {
    const path = `/long-${n}`;
    log.files.create(path)(new TextEncoder().encode(criLine(2) + nuls));
    const { dev, ino } = log.files.lstat(path);
    const segment = new LogSegment(LogFile.open({ realPath: path, dev, ino }));
    segment.grow();
    segment.close(0);
    chain.append(segment);
    return segment;
  });
  chain.current.close(0);
  while (dueAt(chain) === 0) {
    const before = long.map(({ size }) => size);
    checkClosed(chain, noHistory, 10_000);
    assert.equal(long.filter(({ size }, n) => size !== before[n]).length, 1);
  }
  for (const { stage, committed } of long) {
    assert.deepEqual([stage, committed], ["finished", criLine(2).length + nuls.length]);
  }
  for (const segment of chain) segment[Symbol.dispose]();
});

Deno.test("a closed segment settles after 50 ms and is finished after two seconds, when each falls due", () => {
  using log = new MemoryLog();
  const chain = closedChain(log, 2);
  const [first] = [...chain];
  assert.ok(first !== undefined);
  assert.equal(dueAt(chain), 50);
  assert.equal(checkClosed(chain, noHistory, 49), false);
  assert.equal(checkClosed(chain, noHistory, 50), true);
  assert.equal(first.stage, "settled");
  assert.equal(dueAt(chain), 2000);
  checkClosed(chain, noHistory, 2000);
  assert.equal(first.stage, "finished");
  assert.equal(dueAt(chain), Infinity);
  for (const segment of chain) segment[Symbol.dispose]();
});

Deno.test("regression: a line that a starved runtime had half written at a rotation came in two", () => {
  using log = new MemoryLog();
  const open = (path: string, text: string): [LogSegment, (bytes: Uint8Array) => void] => {
    const write = log.files.create(path);
    write(new TextEncoder().encode(text));
    const { dev, ino } = log.files.lstat(path);
    const segment = new LogSegment(LogFile.open({ realPath: path, dev, ino }));
    segment.grow();
    return [segment, write];
  };
  const half = criLine(2).slice(0, 40);
  const [torn, write] = open("/torn", criLine(1) + half);
  const chain = new SegmentChain(torn);
  torn.close(0);
  chain.append(open("/next", criLine(3))[0]);
  checkClosed(chain, noHistory, 1800);
  assert.equal(torn.committed, criLine(1).length);
  write(new TextEncoder().encode(criLine(2).slice(half.length)));
  checkClosed(chain, noHistory, 1850);
  assert.equal(torn.committed, criLines(1, 2).length);
  assert.equal(torn.stage, "settled");
  for (const segment of chain) segment[Symbol.dispose]();
});

Deno.test("among many finished segments that nobody reads, those to be read last release their descriptors", () => {
  using log = new MemoryLog();
  const chain = closedChain(log, 12);
  checkClosed(chain, noHistory, 2000);
  parkClosed(chain);
  const parked = [...chain].map((segment) => segment.isParked);
  assert.deepEqual(parked, [...Array(8).fill(false), true, true, true, false]);
  finishAll(chain);
  assert.ok([...chain].every(({ stage }) => stage === "finished"));
  for (const segment of chain) segment[Symbol.dispose]();
});
