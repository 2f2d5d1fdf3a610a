import assert from "node:assert/strict";
import type { SourceVerifier } from "../../../src/files/log_file.ts";
import { ScanPool } from "../../../src/pool/pool.ts";
import { silent } from "../../../src/telemetry/events.ts";
import { inMemory } from "../../../src/scan/byte_source.ts";
import { firstTime } from "../../../src/scan/time_search.ts";
import { parseInstant, type TimeWindow } from "../../../src/scan/time_window.ts";
import { type LogRange, type LogSource, planRanges } from "../../../src/stream/plan.ts";

function source(name: string, lines: readonly string[]): LogSource & Disposable {
  const bytes = inMemory(new TextEncoder().encode(lines.join("")));
  return { path: name, dev: 1, ino: 1, format: "cri", ...bytes, [Symbol.dispose]: () => {} };
}

const line = (minute: number, tag = "F") =>
  `2024-10-01T00:${String(minute).padStart(2, "0")}:00Z stdout ${tag} x\n`;
const at = (minute: number) => parseInstant(line(minute).slice(0, 20));
const size = line(0).length;
const shape = (ranges: readonly LogRange[]) =>
  ranges.map(({ source, from, to }) => [source.path, from / size, to / size]);

/** What was done with the files of a plan. */
class Seen {
  /** Whether the rotated files were opened. */
  opened = false;
  readonly released: string[] = [];
}

/** The ranges, as many as are requested. */
async function planned(
  sources: readonly (LogSource & Disposable)[],
  window: TimeWindow,
  { direction, count = Infinity, seen = new Seen() }: {
    readonly direction: "forward" | "backward";
    readonly count?: number;
    readonly seen?: Seen;
  },
): Promise<LogRange[]> {
  const { signal } = new AbortController();
  using closing = new DisposableStack();
  const pool = closing.adopt(new ScanPool({ workers: 0, report: silent }), (pool) => pool.close());
  const current = sources.at(-1);
  assert.ok(current !== undefined);
  const older = async () => {
    const found = await Promise.all(
      sources.slice(0, -1).map(async (source) => {
        const range = { from: 0, to: source.size };
        return { source, firstTime: await firstTime(source, "cri", range, () => null) };
      }),
    );
    seen.opened = true;
    return found;
  };
  const files = {
    current: { source: current, size: current.size },
    older,
    release: ({ source }: { readonly source: LogSource }) => void seen.released.push(source.path),
  };
  const ranges: LogRange[] = [];
  const options = { signal, pool, stream: {}, direction };
  for await (const range of planRanges(files, window, options)) {
    ranges.push(range);
    if (ranges.length === count) break;
  }
  return ranges;
}

/** All ranges, which are the same in both directions. */
async function plan(
  sources: readonly (LogSource & Disposable)[],
  window: TimeWindow,
): Promise<LogRange[]> {
  const forward = await planned(sources, window, { direction: "forward" });
  const backward = await planned(sources, window, { direction: "backward" });
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
  Deno.test(`plan: rotated files were opened for every read: ${direction}, not for a window within the current file`, async () => {
    const seen = new Seen();
    const sources = [source("old", [line(1)]), source("new", [line(3), line(5)])];
    const ranges = await planned(sources, { start: at(4), stop: null }, { direction, seen });
    assert.deepEqual(shape(ranges), [["new", 1, 2]]);
    assert.equal(seen.opened, false);
  });

  Deno.test(`plan: ${direction}, files before and after the window are released unread`, async () => {
    const seen = new Seen();
    const unreadable = (name: string, minute: number): LogSource & Disposable => ({
      ...source(name, [line(minute)]),
      get size() {
        return seen.opened ? assert.fail(`${name} was sized`) : line(0).length;
      },
    });
    const sources = [
      unreadable("first", 1),
      source("second", [line(5), line(6)]),
      unreadable("third", 10),
      source("current", [line(20)]),
    ];
    const window = { start: at(6), stop: at(7) };
    const ranges = await planned(sources, window, { direction, seen });
    assert.deepEqual(shape(ranges), [["second", 1, 2]]);
    assert.deepEqual(seen.released.toSorted(), ["first", "third"]);
  });
}

Deno.test("plan: backward, rotated files are opened only when the current file has been read", async () => {
  const seen = new Seen();
  const sources = [source("old", [line(1)]), source("new", [line(3)])];
  const window = { start: null, stop: null };
  await planned(sources, window, { direction: "backward", count: 1, seen });
  assert.equal(seen.opened, false);
  await planned(sources, window, { direction: "backward", seen });
  assert.equal(seen.opened, true);
});

Deno.test("plan: a window was searched in what had been written after a truncation", async () => {
  for (const direction of ["forward", "backward"] as const) {
    const young = source("log", [line(30), line(31), line(32), line(33)]);
    const old = source("copy", [line(1), line(2), line(3), line(4)]);
    let { readAt } = young;
    let epoch = 0;
    const verifier: SourceVerifier = {
      get epoch() {
        return epoch;
      },
      end: old.size,
      isIntact: (of) => of === epoch && epoch > 0,
      moveToCopy() {
        epoch++;
        ({ readAt } = old);
        return Promise.resolve();
      },
    };
    const truncated = {
      ...young,
      size: old.size,
      verifier,
      readAt: (offset: number, into: Uint8Array) => readAt(offset, into),
    };
    const window = { start: at(2), stop: at(3) };
    assert.deepEqual(shape(await planned([truncated], window, { direction })), [["log", 1, 3]]);
  }
});
