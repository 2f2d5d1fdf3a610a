import assert from "node:assert/strict";
import type { ByteSource } from "../../../src/scan/byte_source.ts";
import type { Instant } from "../../../src/scan/instant.ts";
import { firstTime, hasLaterLine, windowEnd, windowStart } from "../../../src/scan/time_search.ts";
import { randomLog } from "./random_log.ts";
import { Random, runSeed } from "../../harness/random.ts";
import { referenceLines } from "./reference.ts";

class MemorySource implements ByteSource {
  reads = 0;
  bytesRead = 0;
  constructor(readonly bytes: Uint8Array) {}
  get size(): number {
    return this.bytes.length;
  }
  readAt(offset: number, into: Uint8Array): number {
    this.reads++;
    const found = this.bytes.subarray(offset, offset + into.length);
    into.set(found);
    this.bytesRead += found.length;
    return found.length;
  }
}

const breathe = () => null;
const encode = (text: string) => new TextEncoder().encode(text);
const iso = (ms: number) => new Date(ms).toISOString();

function compare(a: { seconds: bigint; nanos: number }, b: Instant): number {
  return Number(a.seconds) - b.seconds || a.nanos - b.nanos;
}

/** The log without the lines whose time goes back by more than a second. */
function nearlyInOrder(log: Uint8Array, format: "cri" | "docker"): Uint8Array {
  const kept: number[] = [];
  let latest = { seconds: -(2n ** 60n), nanos: 0 };
  for (const line of referenceLines(log, format, 1e9)) {
    const record = line.records?.[0];
    if (record !== undefined) {
      const a = { seconds: Number(record.seconds) + 1, nanos: record.nanos };
      if (compare(latest, a) > 0) continue;
      if (compare(record, { seconds: Number(latest.seconds), nanos: latest.nanos }) > 0) {
        latest = record;
      }
    }
    kept.push(...log.subarray(line.start, line.end));
  }
  return Uint8Array.from(kept);
}

for (const format of ["cri", "docker"] as const) {
  Deno.test(`${format}: a window loses no line, whatever the disorder of a second`, async () => {
    const seed = runSeed();
    const random = new Random(seed);
    for (let i = 0; i < 120; i++) {
      const size = random.chance(0.3) ? 400 : random.below(40);
      const log = nearlyInOrder(randomLog(random, format, size), format);
      const lines = referenceLines(log, format, 1e9);
      const from = lines.length < 4
        ? 0
        : random.pick([0, lines[random.below(lines.length)]!.start]);
      const range = { from, to: log.length };
      const source = new MemorySource(log);
      for (let k = 0; k < 12; k++) {
        const near = random.pick(lines)?.records?.[0];
        const t: Instant = near === undefined
          ? { seconds: random.pick([-1e10, 1_727_740_790, 1e11]), nanos: random.below(1e9) }
          : {
            seconds: Number(near.seconds) + random.pick([0, 0, 0, 0, 1, -1]),
            nanos: Math.min(999_999_999, Math.max(0, near.nanos + random.pick([0, 0, 1, -1]))),
          };
        const context = JSON.stringify({ SEED: seed, format, i, t, range });
        const inside = lines.filter((line) => line.start >= from && line.records !== null);
        const first = inside.find((line) => compare(line.records![0]!, t) >= 0);
        const start = await windowStart(source, format, t, range, breathe);
        assert.ok(start <= (first === undefined ? log.length : first.start), context);
        assert.ok(start === log.length || start === from || log[start - 1] === 10, context);
        const final = inside.findLast((line) =>
          compare(line.records![0]!, t) <= 0 && line.records![0]!.isFinal
        );
        const end = await windowEnd(source, format, t, range, breathe);
        assert.equal(end, final?.end ?? from, context);
        const head = await firstTime(source, format, range, breathe);
        const expected = inside[0]?.records?.[0];
        assert.deepEqual(
          head,
          expected === undefined
            ? null
            : { seconds: Number(expected.seconds), nanos: expected.nanos },
          context,
        );
      }
    }
  });
}

function everySecond(count: number, text = "line"): string[] {
  return Array.from(
    { length: count },
    (_, i) => `${iso(1.7e12 + i * 1000)} stdout F ${text} ${i}\n`,
  );
}

Deno.test("a window is found with reads that grow with the logarithm of the size", async () => {
  const source = new MemorySource(encode(everySecond(200_000).join("")));
  const t = { seconds: 1.7e9 + 123_456, nanos: 0 };
  const range = { from: 0, to: source.size };
  const at = await windowStart(source, "cri", t, range, breathe);
  const found = new TextDecoder().decode(source.bytes.subarray(at, at + 24));
  assert.equal(found, iso(t.seconds * 1000 - 1000));
  const end = await windowEnd(source, "cri", t, range, breathe);
  assert.match(new TextDecoder().decode(source.bytes.subarray(0, end).subarray(-60)), / 123456\n$/);
  assert.ok(source.reads < 120, `${source.reads} reads`);
});

Deno.test("records out of order by a second: an earlier record that is stored later is found", async () => {
  const lines = ["2024-10-01T00:00:12.001Z stdout F a\n", "2024-10-01T00:00:12.000Z stderr F b\n"];
  const source = new MemorySource(encode(lines.join("")));
  const t = { seconds: Date.UTC(2024, 9, 1, 0, 0, 12) / 1000, nanos: 0 };
  const range = { from: 0, to: source.size };
  assert.ok(await windowStart(source, "cri", t, range, breathe) <= lines[0]!.length);
  assert.equal(await windowEnd(source, "cri", t, range, breathe), source.size);
});

Deno.test("lines at the beginning that are an hour ahead hide none behind them", async () => {
  for (const ahead of [1, 10, 300]) {
    for (const count of [20, 20_000]) {
      const early = everySecond(ahead, "ahead").map((line) =>
        line.replace(/^[^ ]+/, (time) => iso(Date.parse(time) + 3_600_000))
      );
      const rest = everySecond(count);
      const source = new MemorySource(encode([...early, ...rest].join("")));
      const range = { from: 0, to: source.size };
      for (const wanted of [0, 3, Math.floor(count / 2), count - 1]) {
        const t = { seconds: 1.7e9 + wanted, nanos: 0 };
        const before = early.concat(rest.slice(0, wanted)).join("").length;
        const label = `${ahead} ahead of ${count}, ${wanted}`;
        assert.ok(await windowStart(source, "cri", t, range, breathe) <= before, label);
        const end = await windowEnd(source, "cri", t, range, breathe);
        assert.equal(end, before + rest[wanted]!.length, label);
      }
    }
  }
});

Deno.test("a line much longer than a block hides no line behind it, and is not read again and again", async () => {
  for (const format of ["cri", "docker"] as const) {
    const line = (second: number, length: number, end = true) =>
      format === "cri"
        ? `2024-10-01T00:00:0${second}Z stdout ${end ? "F" : "P"} ${"a".repeat(length)}\n`
        : `{"log":"${"a".repeat(length)}${
          end ? "\\n" : ""
        }","stream":"stdout","time":"2024-10-01T00:00:0${second}Z"}\n`;
    const lines = [
      line(0, 50_000),
      line(2, 5_000_000),
      "\0".repeat(4_000_000) + line(4, 700_000, false),
      "no line at all " + "c".repeat(2_000_000) + "\n",
      line(6, 3),
    ];
    const source = new MemorySource(encode(lines.join("")));
    const starts = lines.map((_, i) => lines.slice(0, i).join("").length);
    const range = { from: 0, to: source.size };
    const seconds = Date.UTC(2024, 9, 1) / 1000;
    const at = (second: number) => ({ seconds: seconds + second, nanos: 0 });
    for (const [second, start, end] of [[0, 0, 1], [2, 1, 2], [4, 2, 2], [6, 4, 5]] as const) {
      source.bytesRead = 0;
      const found = await windowStart(source, format, at(second), range, breathe);
      assert.ok(found <= starts[start]!, `${format} ${second}`);
      assert.ok(second === 0 || found > 0, `${format} ${second}`);
      const ends = await windowEnd(source, format, at(second), range, breathe);
      assert.equal(ends, starts[end] ?? source.size, `${format} ${second}`);
      assert.ok(
        source.bytesRead < 12 * source.size,
        `${source.bytesRead} bytes for ${source.size}`,
      );
      assert.equal(
        await hasLaterLine(source, format, at(second), range, breathe),
        second < 6,
      );
    }
  }
});

Deno.test("a long search yields to others every few steps", async () => {
  const parts = "2024-10-01T00:00:01Z stdout P x\n".repeat(200_000);
  const source = new MemorySource(encode(`2024-10-01T00:00:00Z stdout F x\n${parts}`));
  let steps = 0;
  const counted = () => (steps++, null);
  const stop = { seconds: Date.UTC(2024, 9, 1) / 1000 + 5, nanos: 0 };
  const end = await windowEnd(source, "cri", stop, { from: 0, to: source.size }, counted);
  assert.equal(end, 32);
  assert.ok(steps > source.size / (512 * 1024), `${steps} steps`);
});

Deno.test("a source that became shorter than the range does not hang the search", async () => {
  const source = new MemorySource(encode("2024-10-01T00:00:00Z stdout F x\n"));
  const range = { from: 0, to: 100_000 };
  const t = { seconds: 2e9, nanos: 0 };
  assert.equal(await windowStart(source, "cri", t, range, breathe), 100_000);
  assert.equal(await windowEnd(source, "cri", t, range, breathe), 32);
});
