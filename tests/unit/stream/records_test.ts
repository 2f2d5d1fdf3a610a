import assert from "node:assert/strict";
import { recordsStream } from "../../../src/stream/records.ts";
import { bounds, options, PiecePool, source } from "./piece_pool.ts";

const MIB = 1 << 20;

Deno.test("records: ranges come one after the other", async () => {
  const pool = new PiecePool();
  const ranges = [{ source, from: 0, to: 10 }, { source, from: 5, to: 7 }];
  assert.deepEqual(await bounds(recordsStream(ranges, options(pool))), [[0, 10], [5, 7]]);
});

Deno.test("records: nothing is scanned before it is asked for", async () => {
  const pool = new PiecePool();
  const stream = recordsStream([{ source, from: 0, to: 100 * MIB }], options(pool));
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(pool.asked.length, 0);
  const reader = stream.getReader();
  await reader.read();
  const asked = pool.asked.length;
  assert.ok(asked <= 4, `${asked} pieces for one chunk`);
  await reader.cancel();
});

Deno.test("records: cancelling stops the pieces that are under way", async () => {
  const pool = new PiecePool();
  const stream = recordsStream([{ source, from: 0, to: 100 * MIB }], options(pool));
  const reader = stream.getReader();
  await reader.read();
  await reader.cancel();
  assert.ok(pool.signals.every((signal) => signal.aborted));
});

Deno.test("records: the signal ends the stream with its reason", async () => {
  const pool = new PiecePool();
  const controller = new AbortController();
  const stream = recordsStream(
    [{ source, from: 0, to: 100 * MIB }],
    options(pool, { signal: controller.signal }),
  );
  const reader = stream.getReader();
  await reader.read();
  controller.abort(new Error("enough"));
  await assert.rejects(async () => {
    for (;;) await reader.read();
  }, /enough/);
});

Deno.test("records: the scanned range is reported before its frames", async () => {
  const pool = new PiecePool();
  const told: number[] = [];
  const stream = recordsStream(
    [{ source, from: 0, to: 10 }],
    options(pool, { onScanned: (result) => told.push(result.records) }),
  );
  await bounds(stream);
  assert.deepEqual(told, [1]);
});
