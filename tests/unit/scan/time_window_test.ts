import assert from "node:assert/strict";
import type { Instant } from "../../../src/scan/instant.ts";
import {
  type ByteSource,
  endOfFinalLines,
  firstLineFrom,
  parseInstant,
} from "../../../src/scan/time_window.ts";
import { randomLog } from "./random_log.ts";
import { Random, runSeed } from "./random.ts";
import { referenceLines, referenceTime } from "./reference.ts";

class MemorySource implements ByteSource {
  reads = 0;
  constructor(readonly bytes: Uint8Array, readonly atMost = Infinity) {}
  get size(): number {
    return this.bytes.length;
  }
  readAt(offset: number, into: Uint8Array): number {
    this.reads++;
    const found = this.bytes.subarray(offset, offset + Math.min(into.length, this.atMost));
    into.set(found);
    return found.length;
  }
}

function compare(a: { seconds: bigint; nanos: number }, b: Instant): number {
  return Number(a.seconds) - b.seconds || a.nanos - b.nanos;
}

/** The log without the lines whose time goes back, for which no answer is defined. */
function inOrder(log: Uint8Array, format: "cri" | "docker"): Uint8Array {
  const kept: number[] = [];
  let last = { seconds: -(2n ** 60n), nanos: 0 };
  for (const line of referenceLines(log, format, 1e9)) {
    const record = line.records?.[0];
    if (record !== undefined) {
      if (compare(record, { seconds: Number(last.seconds), nanos: last.nanos }) < 0) continue;
      last = record;
    }
    kept.push(...log.subarray(line.start, line.end));
  }
  return Uint8Array.from(kept);
}

for (const format of ["cri", "docker"] as const) {
  Deno.test(`${format}: a time window is what a full scan would select`, () => {
    const seed = runSeed();
    const random = new Random(seed);
    for (let i = 0; i < 150; i++) {
      const size = random.chance(0.3) ? 400 : random.below(40);
      const log = inOrder(randomLog(random, format, size), format);
      const lines = referenceLines(log, format, 1e9);
      const whole = { from: 0, to: log.length };
      const inner = lines.length < 4 ? whole : {
        from: lines[random.below(lines.length)]!.start,
        to: log.length,
      };
      const { from, to } = random.pick([whole, inner]);
      const source = new MemorySource(log, random.pick([Infinity, 7, 1000]));
      for (let k = 0; k < 12; k++) {
        const near = random.pick(lines)?.records?.[0];
        const t: Instant = near === undefined
          ? { seconds: random.pick([-1e10, 1_727_740_790, 1e11]), nanos: random.below(1e9) }
          : {
            seconds: Number(near.seconds) + random.pick([0, 0, 0, 0, 1, -1]),
            nanos: Math.min(999_999_999, Math.max(0, near.nanos + random.pick([0, 0, 1, -1]))),
          };
        const context = JSON.stringify({ seed, format, i, t, from, to });

        const inside = lines.filter((line) => line.start >= from && line.records !== null);
        const first = inside.find((line) => compare(line.records![0]!, t) >= 0);
        assert.equal(
          firstLineFrom(source, format, t, from, to),
          first === undefined ? to : first.start,
          context,
        );
        const final = inside.findLast((line) =>
          compare(line.records![0]!, t) <= 0 && line.records![0]!.isFinal
        );
        assert.equal(endOfFinalLines(source, format, t, from, to), final?.end ?? from, context);
      }
    }
  });
}

Deno.test("a window is found with reads that grow with the logarithm of the size", () => {
  const lines: string[] = [];
  for (let i = 0; i < 200_000; i++) {
    lines.push(`${new Date(1.7e12 + i * 1000).toISOString()} stdout F line ${i}\n`);
  }
  const source = new MemorySource(new TextEncoder().encode(lines.join("")));
  const t = { seconds: 1.7e9 + 123_456, nanos: 0 };
  const at = firstLineFrom(source, "cri", t, 0, source.size);
  assert.equal(
    new TextDecoder().decode(source.bytes.subarray(at)).slice(0, 24),
    new Date(t.seconds * 1000).toISOString(),
  );
  assert(source.reads < 60, `${source.reads} reads`);
});

Deno.test("a line that begins exactly in the middle of a range is not passed over", () => {
  const count = 1024;
  const lines = Array.from(
    { length: count },
    (_, i) => `${new Date(1.7e12 + i * 1000).toISOString()} stdout F ${"x".repeat(29)}\n`,
  );
  const source = new MemorySource(new TextEncoder().encode(lines.join("")));
  const length = lines[0]!.length;
  assert.equal(length, 64); // so that halves of the range are line starts
  for (let i = 0; i < count; i++) {
    const t = { seconds: 1.7e9 + i, nanos: 0 };
    assert.equal(firstLineFrom(source, "cri", t, 0, source.size), i * length);
    assert.equal(endOfFinalLines(source, "cri", t, 0, source.size), (i + 1) * length);
  }
});

Deno.test("a line much longer than the window hides no line behind it", () => {
  const lines = [
    "2024-10-01T00:00:00Z stdout F " + "a".repeat(50_000),
    "2024-10-01T00:00:01Z stdout P " + "b".repeat(100_000),
    "no line at all " + "c".repeat(70_000),
    "2024-10-01T00:00:02Z stdout F end",
  ];
  const bytes = new TextEncoder().encode(lines.join("\n") + "\n");
  const source = new MemorySource(bytes);
  const starts = lines.map((_, i) => lines.slice(0, i).reduce((sum, l) => sum + l.length + 1, 0));
  const seconds = Date.UTC(2024, 9, 1) / 1000;
  for (const [i, expected] of [[0, 0], [1, 1], [2, 3]] as const) {
    const t = { seconds: seconds + i, nanos: 0 };
    assert.equal(firstLineFrom(source, "cri", t, 0, bytes.length), starts[expected]);
  }
  assert.equal(
    endOfFinalLines(source, "cri", { seconds: seconds + 1, nanos: 0 }, 0, bytes.length),
    starts[1],
  );
  assert.equal(
    endOfFinalLines(source, "cri", { seconds: seconds + 2, nanos: 0 }, 0, bytes.length),
    bytes.length,
  );
});

Deno.test("a source that became shorter than the range does not hang the search", () => {
  const bytes = new TextEncoder().encode("2024-10-01T00:00:00Z stdout F x\n");
  const source = new MemorySource(bytes);
  assert.equal(firstLineFrom(source, "cri", { seconds: 2e9, nanos: 0 }, 0, 100_000), 100_000);
  endOfFinalLines(source, "cri", { seconds: 2e9, nanos: 0 }, 0, 100_000);
});

Deno.test("RFC 3339 times are read with their nanoseconds, and only those", () => {
  const cases: [string, Instant | null][] = [
    ["2024-10-01T05:40:46Z", { seconds: 1727761246, nanos: 0 }],
    ["2024-10-01T05:40:46.960135302Z", { seconds: 1727761246, nanos: 960135302 }],
    ["2024-10-01T05:40:46.5Z", { seconds: 1727761246, nanos: 500_000_000 }],
    ["2024-10-01T05:40:46.1234567899Z", { seconds: 1727761246, nanos: 123456789 }],
    ["2024-10-01T07:40:46+02:00", { seconds: 1727761246, nanos: 0 }],
    ["2024-09-30T22:40:46-07:00", { seconds: 1727761246, nanos: 0 }],
    ["2024-10-01t05:40:46z", { seconds: 1727761246, nanos: 0 }],
    ["2024-02-29T00:00:00Z", { seconds: 1709164800, nanos: 0 }],
    ["2000-02-29T00:00:00Z", { seconds: 951782400, nanos: 0 }],
    ["1969-12-31T23:59:59.25Z", { seconds: -1, nanos: 250_000_000 }],
    ["0001-01-01T00:00:00Z", { seconds: -62135596800, nanos: 0 }],
    ["9999-12-31T23:59:59.999999999Z", { seconds: 253402300799, nanos: 999999999 }],
    ["0001-01-01T00:00:00+01:00", null],
    ["0000-12-31T23:59:59Z", null],
    ["9999-12-31T23:59:59-01:00", null],
    ["1900-02-29T00:00:00Z", null],
    ["2024-13-01T00:00:00Z", null],
    ["2024-04-31T00:00:00Z", null],
    ["2024-10-01T24:00:00Z", null],
    ["2024-10-01T05:40:60Z", null],
    ["2024-10-01T05:40:46", null],
    ["2024-10-01T05:40:46.Z", null],
    ["2024-10-01T05:40:46,5Z", null],
    ["2024-10-01 05:40:46Z", null],
    ["2024-10-01T05:40:46+0200", null],
    ["2024-10-01T05:40:46+02:60", null],
    ["2024-10-01T05:40:46Zx", null],
    [" 2024-10-01T05:40:46Z", null],
    ["1727761246", null],
    ["", null],
    ["２024-10-01T05:40:46Z", null],
  ];
  for (const [text, expected] of cases) {
    assert.deepEqual(parseInstant(text), expected, text);
    const reference = referenceTime(text);
    assert.deepEqual(
      reference && { seconds: Number(reference.seconds), nanos: reference.nanos },
      expected,
      text,
    );
  }
});
