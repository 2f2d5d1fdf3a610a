import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { type FileSystem, type OpenFile, replaceFileSystem } from "../../../src/platform/files.ts";
import { ScanPool } from "../../../src/pool/pool.ts";
import { parseInstant } from "../../../src/scan/time_window.ts";
import { openRecordSource, type RecordsRequest } from "../../../src/stream/record_source.ts";
import { recordsStream } from "../../../src/stream/records.ts";
import { silent } from "../../../src/telemetry/events.ts";
import { LogRecord } from "../../../src/generated/cluster_agent.ts";
import { frames } from "../../../src/local_search/decode_frames.ts";
import { idle } from "../../harness/manual_clock.ts";
import { logName, MemoryLog, roots } from "../../harness/memory_log.ts";

/** Bytes that are inflated to see how a compressed file begins. */
const HEAD = 2048;

/** A log in memory, and which of its files are opened and read. */
class CountedLog implements Disposable {
  readonly log = new MemoryLog();
  readonly pool = new ScanPool({ workers: 0, report: silent });
  /** Ends of the names of files, in the order of opening. */
  readonly opened: string[] = [];
  /** Bytes, by the ends of the files' names. */
  readonly read: Record<string, number> = {};
  readonly #counting: Disposable;

  constructor() {
    const { files } = this.log;
    const counting: FileSystem = {
      stat: (path) => files.stat(path),
      lstat: (path) => files.lstat(path),
      realPath: (path) => files.realPath(path),
      readLink: (path) => files.readLink(path),
      readDirectory: (path) => files.readDirectory(path),
      openFile: (path) => this.#count(path.slice(this.log.path.length), files.openFile(path)),
    };
    this.#counting = replaceFileSystem(counting);
  }

  #count(name: string, file: OpenFile): OpenFile {
    this.opened.push(name);
    return {
      ...file,
      readAt: (offset, into) => {
        const count = file.readAt(offset, into);
        this.read[name] = (this.read[name] ?? 0) + count;
        return count;
      },
    };
  }

  /** A rotated file with lines of one minute each. */
  rotated(suffix: string, from: number, to: number): void {
    const text = new TextEncoder().encode(lines(from, to));
    this.log.files.create(this.log.path + suffix)(suffix.endsWith(".gz") ? gzipSync(text) : text);
  }

  /** The messages of the chunks that are read, at most the given number of chunks. */
  async messages(
    request: Partial<RecordsRequest>,
    { chunks = Infinity }: { readonly chunks?: number } = {},
  ): Promise<number[]> {
    const { signal } = new AbortController();
    const direction = "forward";
    const whole = { start: null, stop: null };
    const all = { name: logName, window: whole, direction, follow: null, grep: "", ...request };
    const caller = { pool: this.pool, stream: {}, user: "" };
    using source = await openRecordSource(all as RecordsRequest, {
      roots,
      history: true,
      follows: this.log.follows,
      signal,
      ...caller,
    });
    assert.ok("ranges" in source);
    const { grep } = all;
    const stream = recordsStream(source.ranges, {
      direction: all.direction as "forward",
      grep,
      maxRecordBytes: 2 ** 21,
      report: silent,
      signal,
      ...caller,
    });
    const found: number[] = [];
    for await (const chunk of stream) {
      for (const frame of frames(chunk)) found.push(numberIn(frame));
      if (--chunks <= 0) break;
    }
    return found;
  }

  [Symbol.dispose](): void {
    this.pool.close();
    this.#counting[Symbol.dispose]();
    this.log[Symbol.dispose]();
  }
}

/** The number with which a record begins. */
function numberIn(frame: Uint8Array): number {
  return Number(/^\d+/.exec(LogRecord.decode(frame).message)?.[0]);
}

const at = (n: number) => new Date(Date.UTC(2026, 10, 23) + n * 60_000).toISOString();
const instant = (n: number) => parseInstant(at(n));

/** Lines of a few KiB, which hardly compress. */
function lines(from: number, to: number): string {
  let text = "";
  for (let n = from; n < to; n++) {
    const filler = Array.from(
      { length: 40 },
      (_, i) => ((n * 7919 + i * 104729) ** 2).toString(36),
    );
    text += `${at(n)} stdout F ${n} x${filler.join("").replaceAll(/\d/g, "y")}\n`;
  }
  return text;
}

const numbers = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);

const rotated = [
  ".20261123-000100.gz",
  ".20261123-000200.gz",
  ".20261123-000300",
  ".20261123-000400",
];

/** Four rotated files, and the log itself. */
function setUp({ namesMislead = false } = {}): CountedLog {
  const counted = new CountedLog();
  const hundreds = namesMislead ? [1, 0, 3, 2] : [0, 1, 2, 3];
  for (const [i, suffix] of rotated.entries()) {
    const from = 100 * hundreds[i]!;
    counted.rotated(suffix, from, from + 100);
  }
  counted.log.append(lines(400, 409));
  return counted;
}

Deno.test("all rotated files were opened for a page: the last lines come from the log alone", async () => {
  using counted = setUp();
  const found = await counted.messages({ direction: "backward" }, { chunks: 1 });
  assert.deepEqual(found.slice(0, 5), [408, 407, 406, 405, 404]);
  assert.deepEqual(counted.opened, [""]);
});

for (const direction of ["forward", "backward"] as const) {
  Deno.test(`a window within the log itself opens no rotated file, ${direction}`, async () => {
    using counted = setUp();
    const window = { start: instant(403), stop: instant(405) };
    const found = await counted.messages({ window, direction });
    assert.deepEqual(found.toSorted(), [403, 404, 405]);
    assert.deepEqual(counted.opened, [""]);
  });

  Deno.test(`whole, ${direction}: each file is opened once, in the order of the lines, not of the names`, async () => {
    using counted = setUp({ namesMislead: true });
    const found = await counted.messages({ direction });
    const all = numbers(0, 409);
    assert.deepEqual(found, direction === "forward" ? all : all.toReversed());
    assert.deepEqual(counted.opened, ["", ...rotated]);
  });

  Deno.test(`a window that begins and ends in an old file: of the others nothing is read but how they begin, ${direction}`, async () => {
    using counted = setUp();
    const window = { start: instant(120), stop: instant(122) };
    const found = await counted.messages({ window, direction });
    assert.deepEqual(found.toSorted(), [120, 121, 122]);
    assert.deepEqual(counted.opened, ["", ...rotated]);
    for (const name of [".20261123-000300", ".20261123-000400"]) {
      assert.ok(counted.read[name]! <= 2048, `${counted.read[name]} bytes read of ${name}`);
    }
    const { size } = counted.log.files.stat(`${counted.log.path}.20261123-000100.gz`);
    const inflated = counted.read[".20261123-000100.gz"]!;
    assert.ok(inflated <= 3 * HEAD && inflated < size, `${inflated} of ${size} bytes inflated`);
  });
}

Deno.test("an empty window opens the log, to know that it is there, and reads nothing", async () => {
  using counted = setUp();
  const window = { start: instant(5), stop: instant(4) };
  assert.deepEqual(await counted.messages({ window }), []);
  assert.deepEqual(counted.opened, [""]);
});

Deno.test("regression: logs that were asked for at the same time were all opened in one turn of the event loop", async () => {
  using counted = setUp();
  const { log, pool } = counted;
  const stop = new AbortController();
  const open = (follow: RecordsRequest["follow"]) =>
    openRecordSource({
      name: logName,
      window: { start: null, stop: null },
      direction: "forward",
      follow,
      grep: "",
    }, {
      ...{ roots, history: true, follows: log.follows, signal: stop.signal, pool, stream: {} },
      user: "",
    });
  for (const follow of [null, "end"] as const) {
    log.clock.skip(10);
    // Others have had all of this turn.
    log.follows.turns.run(() => log.clock.skip(5));
    const opening = open(follow);
    await idle();
    assert.deepEqual(counted.opened, []);
    log.clock.advance(0);
    using _ = await opening;
    assert.notDeepEqual(counted.opened.splice(0), []);
  }
  log.clock.skip(10);
  log.follows.turns.run(() => log.clock.skip(5));
  const doomed = [open(null), open("end")].map((one) => assert.rejects(one, /gone/));
  await idle();
  stop.abort(new Error("gone"));
  log.clock.advance(0);
  await Promise.all(doomed);
  assert.deepEqual(counted.opened, []);
});
