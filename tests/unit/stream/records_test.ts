import assert from "node:assert/strict";
import type { Piece, PieceResult, ScanPool } from "../../../src/pool/pool.ts";
import type { LogSource } from "../../../src/stream/plan.ts";
import { type FeedRange, type RecordsOptions, recordsStream } from "../../../src/stream/records.ts";
import { silent } from "../../../src/telemetry/events.ts";

const source: LogSource = {
  path: "log",
  dev: 1,
  ino: 1,
  format: "cri",
  size: 1 << 30,
  readAt: () => 0,
};

/**
 * A pool that answers in any order it likes: a piece's frames are its bounds as text, in parts of at most
 * partBytes of the log, so that many pieces need more than one answer.
 */
class FakePool {
  readonly asked: Piece[] = [];
  readonly signals: AbortSignal[] = [];
  readonly #partBytes: number;
  #held: (() => void)[] = [];
  open = 0;
  mostOpen = 0;

  constructor(partBytes = Infinity) {
    this.#partBytes = partBytes;
  }

  scan(piece: Piece, options: { signal: AbortSignal }): Promise<PieceResult> {
    this.asked.push(piece);
    this.signals.push(options.signal);
    this.mostOpen = Math.max(this.mostOpen, ++this.open);
    return new Promise((resolve, reject) => {
      options.signal.addEventListener("abort", () => reject(options.signal.reason));
      this.#held.push(() => {
        this.open--;
        resolve(this.#answer(piece));
      });
      // The newest question is answered first: order is the stream's business.
      setImmediate(() => this.#held.pop()?.());
    });
  }

  #answer(piece: Piece): PieceResult {
    const forward = piece.spec.direction === "forward";
    const size = Math.min(piece.to - piece.from, this.#partBytes);
    const from = forward ? piece.from : piece.to - size;
    const to = from + size;
    const done = forward ? to === piece.to : from === piece.from;
    const frames = new TextEncoder().encode(`${from}-${to} `);
    return {
      frames,
      records: 1,
      malformed: 0,
      resume: done ? null : { offset: forward ? to : from, skip: 0 },
      from,
      to,
      bytes: size,
      seconds: 0,
      short: false,
    };
  }
}

function options(pool: FakePool, more: Partial<RecordsOptions> = {}): RecordsOptions {
  return {
    direction: "forward",
    grep: "",
    maxRecordBytes: 1000,
    pool: pool as unknown as ScanPool,
    report: silent,
    signal: new AbortController().signal,
    ...more,
  };
}

async function bounds(stream: ReadableStream<Uint8Array>): Promise<[number, number][]> {
  let text = "";
  for await (const chunk of stream) text += new TextDecoder().decode(chunk);
  return text.trim().split(" ").filter(Boolean).map((part) => {
    const [from, to] = part.split("-").map(Number);
    return [from!, to!];
  });
}

const MiB = 1 << 20;

for (const direction of ["forward", "backward"] as const) {
  for (const grep of ["", "needle"]) {
    Deno.test(`records ${direction}${grep && " with grep"}: all of the range, once, in order`, async () => {
      const pool = new FakePool(100_000);
      const range = { source, from: 13, to: 20 * MiB };
      const found = await bounds(recordsStream([range], options(pool, { direction, grep })));
      if (direction === "backward") found.reverse();
      let end = 13;
      for (const [from, to] of found) {
        assert.equal(from, end);
        end = to;
      }
      assert.equal(end, 20 * MiB);
      assert.ok(pool.mostOpen <= 3, `${pool.mostOpen} pieces at once`);
    });
  }
}

Deno.test("records: ranges come one after the other", async () => {
  const pool = new FakePool();
  const ranges = [{ source, from: 0, to: 10 }, { source, from: 5, to: 7 }];
  assert.deepEqual(await bounds(recordsStream(ranges, options(pool))), [[0, 10], [5, 7]]);
});

Deno.test("records: nothing is scanned before it is asked for", async () => {
  const pool = new FakePool();
  const stream = recordsStream([{ source, from: 0, to: 100 * MiB }], options(pool));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(pool.asked.length, 0);
  const reader = stream.getReader();
  await reader.read();
  const asked = pool.asked.length;
  assert.ok(asked <= 4, `${asked} pieces for one chunk`);
  await reader.cancel();
});

Deno.test("records: cancelling stops the pieces that are under way", async () => {
  const pool = new FakePool();
  const stream = recordsStream([{ source, from: 0, to: 100 * MiB }], options(pool));
  const reader = stream.getReader();
  await reader.read();
  await reader.cancel();
  assert.ok(pool.signals.every((signal) => signal.aborted));
});

Deno.test("records: the signal ends the stream with its reason", async () => {
  const pool = new FakePool();
  const controller = new AbortController();
  const stream = recordsStream(
    [{ source, from: 0, to: 100 * MiB }],
    options(pool, { signal: controller.signal }),
  );
  const reader = stream.getReader();
  await reader.read();
  controller.abort(new Error("enough"));
  await assert.rejects(async () => {
    for (;;) await reader.read();
  }, /enough/);
});

Deno.test("records: a file that became shorter ends its range and tells where", async () => {
  class ShortPool extends FakePool {
    override async scan(piece: Piece, options: { signal: AbortSignal }): Promise<PieceResult> {
      const result = await super.scan(piece, options);
      return piece.to > 100_000 && piece.source === source
        ? { ...result, to: piece.from + 10, short: true }
        : result;
    }
  }
  const pool = new ShortPool();
  const shorts: number[] = [];
  const ranges: FeedRange[] = [
    { source, from: 0, to: 10 * MiB, shortAt: (offset) => shorts.push(offset) },
    { source, from: 0, to: 5 },
  ];
  const found = await bounds(recordsStream(ranges, options(pool)));
  assert.deepEqual(shorts, [65546]);
  assert.deepEqual(found.at(-1), [0, 5], "the next range is read all the same");
});

Deno.test("records: what was scanned is told before its frames", async () => {
  const pool = new FakePool();
  const told: number[] = [];
  const stream = recordsStream(
    [{ source, from: 0, to: 10 }],
    options(pool, { onScanned: (result) => told.push(result.records) }),
  );
  await bounds(stream);
  assert.deepEqual(told, [1]);
});
