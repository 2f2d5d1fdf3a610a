import assert from "node:assert/strict";
import { ScanPool } from "../../../src/pool/pool.ts";
import { silent } from "../../../src/telemetry/events.ts";
import { PieceCutter, planRanges } from "../../../src/stream/plan.ts";
import type { LogRange, LogSource, SizedSource } from "../../../src/stream/plan.ts";
import { parseInstant, type TimeWindow } from "../../../src/scan/time_window.ts";

function source(name: string, lines: readonly string[]): { source: LogSource; size: number } {
  const bytes = new TextEncoder().encode(lines.join(""));
  return {
    size: bytes.length,
    source: {
      path: name,
      dev: 1,
      ino: 1,
      format: "cri",
      size: bytes.length,
      readAt(offset, into) {
        const part = bytes.subarray(offset, offset + into.length);
        into.set(part);
        return part.length;
      },
    },
  };
}

const line = (minute: number, tag = "F") =>
  `2024-10-01T00:${String(minute).padStart(2, "0")}:00Z stdout ${tag} x\n`;
const at = (minute: number) => parseInstant(line(minute).slice(0, 20));
const size = line(0).length;
const shape = (ranges: readonly LogRange[]) =>
  ranges.map(({ source, from, to }) => [source.path, from / size, to / size]);

/** The ranges, which are the same in both directions. */
async function plan(sources: readonly SizedSource[], window: TimeWindow): Promise<LogRange[]> {
  const { signal } = new AbortController();
  using closing = new DisposableStack();
  const pool = closing.adopt(new ScanPool({ workers: 0, report: silent }), (pool) => pool.close());
  const options = { signal, pool, stream: {} };
  const inDirection = (direction: "forward" | "backward") =>
    Array.fromAsync(planRanges(sources, window, { ...options, direction }));
  const forward = await inDirection("forward");
  const backward = await inDirection("backward");
  assert.deepEqual(shape(backward.reverse()), shape(forward));
  return forward;
}

Deno.test("plan: without a window, every source whole, oldest first", async () => {
  const ranges = await plan(
    [source("old", [line(1), line(2)]), source("new", [line(3)])],
    { start: null, stop: null },
  );
  assert.deepEqual(shape(ranges), [["old", 0, 2], ["new", 0, 1]]);
});

Deno.test("plan: a start within the newest source leaves the older ones out", async () => {
  const ranges = await plan(
    [source("old", [line(1), line(2)]), source("new", [line(3), line(5)])],
    { start: at(4), stop: null },
  );
  assert.deepEqual(shape(ranges), [["new", 1, 2]]);
});

Deno.test("plan: a window across sources", async () => {
  const ranges = await plan(
    [
      source("old", [line(1), line(2)]),
      source("mid", [line(3), line(4)]),
      source("new", [line(5)]),
    ],
    { start: at(2), stop: at(3) },
  );
  assert.deepEqual(shape(ranges), [["old", 1, 2], ["mid", 0, 1]]);
});

Deno.test("plan: parts without their final line before the stop are left out, across sources too", async () => {
  const ranges = await plan(
    [source("old", [line(1), line(2, "P")]), source("new", [line(3, "P"), line(9)])],
    { start: null, stop: at(5) },
  );
  assert.deepEqual(shape(ranges), [["old", 0, 1]]);
});

Deno.test("plan: parts in an older source are kept when a newer one ends their line in time", async () => {
  const ranges = await plan(
    [source("old", [line(1), line(2, "P")]), source("new", [line(3), line(9)])],
    { start: null, stop: at(5) },
  );
  assert.deepEqual(shape(ranges), [["old", 0, 2], ["new", 0, 1]]);
});

Deno.test("plan: an empty newest source hides nothing of the older ones", async () => {
  const ranges = await plan(
    [source("old", [line(1), line(6)]), source("new", [])],
    { start: at(2), stop: null },
  );
  assert.deepEqual(shape(ranges), [["old", 1, 2]]);
});

for (const direction of ["forward", "backward"] as const) {
  Deno.test(`pieces ${direction} cover the range once and in order, whatever is learnt`, () => {
    const cutter = new PieceCutter({ from: 17, to: 9_000_017 }, {
      direction,
      maxBytes: 1 << 20,
      targetBytes: 1 << 18,
      smallPieces: 3,
    });
    const pieces = [];
    for (let piece = cutter.next(); piece !== null; piece = cutter.next()) {
      pieces.push(piece);
      assert.ok(piece.to - piece.from <= 1 << 20);
      // Now and then a piece gives far more than it should.
      cutter.learn(piece.to - piece.from, pieces.length % 4 === 0 ? 1 << 20 : 100);
    }
    assert.equal(pieces[0]!.to - pieces[0]!.from, 64 * 1024, "the first piece is small");
    if (direction === "backward") pieces.reverse();
    let end = 17;
    for (const piece of pieces) {
      assert.equal(piece.from, end);
      end = piece.to;
    }
    assert.equal(end, 9_000_017);
  });
}
