import assert from "node:assert/strict";
import { LogRecord } from "../../../src/generated/cluster_agent.ts";
import { FrameWriter } from "../../../src/scan/frames.ts";
import type { LineParser } from "../../../src/scan/lines.ts";
import { Random, runSeed } from "../../harness/random.ts";

function line(seconds: number, nanos: number): LineParser {
  const text = new Uint8Array(0);
  return { seconds, nanos, isFinal: true, text, start: 0, end: 0, parse: () => true };
}

/** The messages of gRPC frames (gRPC over HTTP2, "Length-Prefixed-Message"), decoded by the generated code. */
function decode(frames: Uint8Array): LogRecord[] {
  const records: LogRecord[] = [];
  for (let at = 0; at < frames.length;) {
    assert.equal(frames[at], 0, "not compressed");
    const length = new DataView(frames.buffer, frames.byteOffset + at + 1).getUint32(0);
    records.push(LogRecord.decode(frames.subarray(at + 5, at + 5 + length)));
    at += 5 + length;
  }
  return records;
}

Deno.test("frames hold what protobuf's own encoder writes, for random records", () => {
  const seed = runSeed();
  const random = new Random(seed);
  const writer = new FrameWriter();
  const expected: Uint8Array[] = [];
  for (let count = 0; count < 500; count++) {
    const seconds = random.pick([0, 1, -1, -62_135_596_800, 253_402_300_799, 1_727_761_246]);
    const nanos = random.pick([0, 1, 127, 128, 999_999_999]);
    const message = "é".repeat(random.pick([0, 1, 31, 32, 63, 64, 5000]));
    const isFinal = random.chance(0.5);
    const text = new TextEncoder().encode(`<${message}>`);
    writer.add(line(seconds, nanos), text, 1, text.length - 1, isFinal);
    const body = LogRecord.encode({
      timestamp: { seconds: BigInt(seconds), nanos },
      message,
      is_final: isFinal,
    }).finish();
    const frame = new Uint8Array(5 + body.length);
    new DataView(frame.buffer).setUint32(1, body.length);
    frame.set(body, 5);
    expected.push(frame);
  }
  const frames = writer.take();
  assert.deepEqual(decode(frames), expected.flatMap(decode), `seed ${seed}`);
  assert.equal(frames.length, expected.reduce((sum, { length }) => sum + length, 0));
});

Deno.test("take hands over its frames and starts again, also after a record larger than the kept buffer", () => {
  const writer = new FrameWriter();
  const large = new Uint8Array(3 << 20).fill(0x61);
  writer.add(line(1, 0), large, 0, large.length, true);
  const first = writer.take();
  assert.equal(writer.length, 0);
  writer.add(line(2, 0), large, 0, 3, true);
  assert.equal(decode(first)[0]?.message.length, large.length);
  assert.deepEqual(decode(writer.take()).map(({ message }) => message), ["aaa"]);
});

Deno.test("text added from a held buffer is the same, whatever is added in between and however much", () => {
  const seed = runSeed();
  const random = new Random(seed);
  const plain = new FrameWriter();
  const holding = new FrameWriter();
  for (let round = 0; round < 50; round++) {
    const held = Uint8Array.from({ length: 1 + random.below(100_000) }, () => random.below(128));
    const other = Uint8Array.from({ length: 200 }, () => random.below(128));
    const from = random.below(held.length);
    const to = from + random.below(held.length - from + 1);
    holding.hold(held, from, to);
    for (let count = random.below(200); count > 0; count--) {
      const text = random.chance(0.9) ? held : other;
      // Also other lines of the same text: those of a part with few lines are not held.
      const least = text === held && random.chance(0.7) ? from : 0;
      const start = least + random.below(text.length - least);
      const end = start +
        random.below(Math.min(text.length - start, random.pick([10, 300, 90_000])) + 1);
      for (const writer of [plain, holding]) writer.add(line(1, 2), text, start, end, true);
    }
    if (random.chance(0.3)) assert.deepEqual(holding.take(), plain.take(), `seed ${seed}`);
  }
  assert.deepEqual(holding.take(), plain.take(), `seed ${seed}`);
});
