import assert from "node:assert/strict";
import type { SourceVerifier } from "../../../src/files/log_file.ts";
import type { Piece, PieceResult } from "../../../src/pool/pool.ts";
import { BufferBudget } from "../../../src/stream/buffer_budget.ts";
import type { LogRange } from "../../../src/stream/plan.ts";
import { recordsStream } from "../../../src/stream/records.ts";
import { type AgentEvent, silent } from "../../../src/telemetry/events.ts";
import { Random, runSeed } from "../../harness/random.ts";
import { bounds, options, parseBounds, PiecePool, source } from "./piece_pool.ts";

const MIB = 1 << 20;

for (const direction of ["forward", "backward"] as const) {
  for (const grep of ["", "needle"]) {
    Deno.test(`records ${direction}${grep && " with grep"}: all of the range, once, in order`, async () => {
      const pool = new PiecePool(100_000);
      const range = { source, from: 13, to: 20 * MIB };
      const found = await bounds(recordsStream([range], options(pool, { direction, grep })));
      if (direction === "backward") found.reverse();
      let end = 13;
      for (const [from, to] of found) {
        assert.equal(from, end);
        end = to;
      }
      assert.equal(end, 20 * MIB);
      assert.ok(pool.mostOpen <= 3, `${pool.mostOpen} pieces at once`);
    });
  }
}

/** Reports that the source was shorter for pieces beyond an offset. */
class ShortPool extends PiecePool {
  override async scan(piece: Piece, options: { signal: AbortSignal }): Promise<PieceResult> {
    const result = await super.scan(piece, options);
    return piece.to > 100_000 ? { ...result, to: piece.from + 10, short: true } : result;
  }
}

Deno.test("records: a source without a verifier that became shorter ends its range", async () => {
  const events: AgentEvent[] = [];
  const ranges: LogRange[] = [{ source, from: 0, to: 10 * MIB }, { source, from: 0, to: 5 }];
  const report = (event: AgentEvent) => void events.push(event);
  const found = await bounds(recordsStream(ranges, options(new ShortPool(), { report })));
  assert.deepEqual(found.at(-1), [0, 5], "the next range is read all the same");
  assert.deepEqual(events.filter(({ type }) => type === "truncated"), []);
});

/**
 * A source that is found truncated after the given number of checks; then a copy with the given number of bytes is
 * found.
 */
function truncatedSource({ after, held }: { after: number; held: number }) {
  let asked = 0;
  let epoch = 0;
  let end = 20 * MIB;
  const verifier: SourceVerifier = {
    get epoch() {
      return epoch;
    },
    get end() {
      return end;
    },
    isIntact: (of) => ++asked !== after && of === epoch && end > 0,
    moveToCopy() {
      epoch++;
      end = Math.min(end, held);
      return Promise.resolve();
    },
  };
  return { ...source, verifier };
}

const truncations: readonly [string, { after: number; held: number }, number][] = [
  ["before the first result, a copy holds all", { after: 1, held: 20 * MIB }, 20 * MIB],
  ["amid the range, a copy holds all", { after: 7, held: 20 * MIB }, 20 * MIB],
  ["amid the range, a copy holds more", { after: 7, held: 30 * MIB }, 20 * MIB],
  ["amid the range, a copy holds less", { after: 7, held: 15 * MIB }, 15 * MIB],
  ["before the first result, no copy", { after: 1, held: 0 }, 0],
];

for (const direction of ["forward", "backward"] as const) {
  for (const [title, truncation, expected] of truncations) {
    Deno.test(`records ${direction}: truncated ${title}: each byte is given out once, or counted`, async () => {
      const events: AgentEvent[] = [];
      const report = (event: AgentEvent) => void events.push(event);
      const range = { source: truncatedSource(truncation), from: 13, to: 20 * MIB };
      const stream = recordsStream([range], options(new PiecePool(100_000), { direction, report }));
      const found = await bounds(stream);
      if (direction === "backward") found.reverse();
      let given = 0;
      for (const [i, [from, to]] of found.entries()) {
        assert(from >= (found[i - 1]?.[1] ?? 13), `twice from ${from}`);
        given += to - from;
      }
      const lost = events.reduce((sum, e) => sum + (e.type === "truncated" ? e.bytes : 0), 0);
      assert.equal(given + lost, 20 * MIB - 13);
      // Data delivered before the truncation may be where the copy holds nothing.
      if (direction === "forward") assert.equal(given, Math.max(0, expected - 13));
      else assert(given >= expected - 13);
    });
  }
}

Deno.test("records: a verified source that is shorter all the same: what is left is counted as unreadable", async () => {
  const events: AgentEvent[] = [];
  const report = (event: AgentEvent) => void events.push(event);
  const range = { source: truncatedSource({ after: 0, held: 0 }), from: 0, to: 20 * MIB };
  const found = await bounds(recordsStream([range], options(new ShortPool(), { report })));
  const end = 64 * 1024 + 10;
  assert.equal(found.length, 2);
  const { path } = source;
  assert.deepEqual(events.filter(({ type }) => type === "truncated"), [
    { type: "truncated", bytes: 20 * MIB - end, path, cause: "unreadable" },
  ]);
});

for (const direction of ["forward", "backward"] as const) {
  Deno.test(`records ${direction}: slow readers held a megabyte each, however many they were: all together stay within the buffers, and each gets all of its range in order`, async () => {
    const seed = runSeed();
    const random = new Random(seed);
    const buffers = new BufferBudget({ bytes: 8 * MIB, report: silent });
    const pool = new PiecePool(200_000, 300_000);
    const streams = Array.from({ length: 30 }, (_, i) => {
      const range = { source, from: 7, to: MIB };
      const more = { direction, buffers, grep: "needle", user: `user ${i % 3}` };
      const reader = recordsStream([range], options(pool, more)).getReader();
      return { reader, text: "", next: reader.read() };
    });
    const decoder = new TextDecoder();
    let most = 0;
    const unread = new Set(streams);
    while (unread.size > 0) {
      await new Promise((resolve) => setImmediate(resolve));
      most = Math.max(most, buffers.held);
      // Whatever the reader requests first, there is always one that can continue.
      const ready = await Promise.race([...unread].map((stream) => stream.next.then(() => stream)));
      const { value, done } = await ready.next;
      if (done) unread.delete(ready);
      else {
        ready.text += decoder.decode(value).trim() + " ";
        if (random.chance(0.1)) await new Promise((resolve) => setImmediate(resolve));
        ready.next = ready.reader.read();
      }
    }
    assert.ok(most > 4 * MIB && most <= 8 * MIB, `${most} bytes`);
    assert.equal(buffers.held, 0);
    for (const { text } of streams) {
      const bounds = parseBounds(text);
      if (direction === "backward") bounds.reverse();
      let end = 7;
      for (const [from, to] of bounds) {
        assert.equal(from, end, `SEED=${seed}`);
        end = to;
      }
      assert.equal(end, MIB);
    }
  });
}

Deno.test("records: a user whose clients read nothing does not hold up another's", async () => {
  const buffers = new BufferBudget({ bytes: 8 * MIB, report: silent });
  const pool = new PiecePool(Infinity, 500_000);
  const range = { source, from: 0, to: 20 * MIB };
  const unread = Array.from(
    { length: 50 },
    () => recordsStream([range], options(pool, { buffers, user: "greedy" })).getReader(),
  );
  for (const reader of unread) reader.read().catch(() => {});
  for (let turn = 0; turn < 50; turn++) await new Promise((resolve) => setImmediate(resolve));
  const found = await bounds(recordsStream([range], options(pool, { buffers, user: "other" })));
  assert.equal(found.at(-1)![1], 20 * MIB);
  await Promise.all(unread.map((reader) => reader.cancel()));
  while (buffers.held > 0) await new Promise((resolve) => setImmediate(resolve));
});
