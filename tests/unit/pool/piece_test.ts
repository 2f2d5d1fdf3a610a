import assert from "node:assert/strict";
import { Failure } from "../../../src/failure/failure.ts";
import {
  newScratch,
  type Piece,
  type PieceResult,
  Scanners,
  scanPiece,
} from "../../../src/pool/piece.ts";
import { Random, runSeed } from "../scan/random.ts";
import { cri, joined, MemorySource, randomLog, spec, toTheEnd, wholeFrames } from "./log_pieces.ts";

const encoder = new TextEncoder();
const noLimit = { sliceMs: Infinity };

function wholePiece(source: MemorySource, of: Piece["spec"]): Piece {
  const { size } = source;
  return { spec: of, source, from: 0, to: size, end: size, first: 0, skip: 0, budget: Infinity };
}

Deno.test("pieces cut anywhere, with any budget, block size and time, give what one scan of the whole gives", async () => {
  const seed = runSeed();
  for (let round = 0; round < 300; round++) {
    const random = new Random(seed + round);
    const source = new MemorySource(encoder.encode(randomLog(random, random.below(60))));
    const of = spec(random.pick(["forward", "backward"]), random.pick(["", "needle"]));
    const scanner = await new Scanners().get(of);
    const bounds = [0, source.size];
    while (random.chance(0.7)) bounds.push(random.below(source.size + 1));
    bounds.sort((a, b) => a - b);
    const pieces = bounds.slice(1).map((to, index): Piece => ({
      ...wholePiece(source, of),
      from: bounds[index]!,
      to,
      budget: random.pick([1, 700, 5000, Infinity]),
    }));
    if (of.direction === "backward") pieces.reverse();
    const scratch = { ...newScratch(), blockBytes: 1 + random.below(3000) };
    const frames: Uint8Array[] = [];
    for (const piece of pieces) {
      const limits = { sliceMs: random.pick([0, Infinity]) };
      const scan = (part: Piece) => {
        scratch.blockBytes = 1 + random.below(3000);
        const result = scanPiece(part, source, scanner, scratch, limits);
        if (result.resume !== null) {
          assert.ok(part.from <= result.resume.offset && result.resume.offset <= part.end);
        }
        return Promise.resolve(result);
      };
      frames.push((await toTheEnd(piece, scan)).frames);
    }
    const label = `SEED=${seed + round} ${JSON.stringify(of)} cut at ${bounds}`;
    assert.deepEqual(joined(frames), new Uint8Array(await wholeFrames(source.bytes, of)), label);
  }
});

Deno.test("a piece whose time is up leaves the rest at a line boundary, having done at least a block", async () => {
  const source = new MemorySource(encoder.encode(cri("one") + cri("two") + cri("three")));
  const of = spec("forward");
  const scanner = await new Scanners().get(of);
  const scratch = { ...newScratch(), blockBytes: 10 };
  const result = scanPiece(wholePiece(source, of), source, scanner, scratch, { sliceMs: 0 });
  assert.deepEqual(
    { records: result.records, resume: result.resume, from: result.from, to: result.to },
    {
      records: 1,
      resume: { offset: cri("one").length, skip: 0 },
      from: 0,
      to: cri("one").length,
    },
  );
});

Deno.test("a piece that nobody wants any more ends after the block that it is at", async () => {
  const source = new MemorySource(encoder.encode(cri("one line").repeat(50)));
  const of = spec("backward");
  const scanner = await new Scanners().get(of);
  const scratch = { ...newScratch(), blockBytes: 60 };
  let asked = 0;
  const isStopped = () => ++asked === 2;
  const piece = wholePiece(source, of);
  const result = scanPiece(piece, source, scanner, scratch, { ...noLimit, isStopped });
  assert.equal(asked, 2);
  assert.ok(result.records >= 2 && result.records < 10, `${result.records} records`);
  assert.notEqual(result.resume, null);
});

Deno.test("bytes that are gone make a piece short, and end it there", async () => {
  const text = cri("one") + cri("two");
  const of = spec("forward");
  const scanner = await new Scanners().get(of);
  const source = new MemorySource(encoder.encode(text));
  const promised = { ...wholePiece(source, of), to: text.length + 500, end: text.length + 500 };
  const result: PieceResult = scanPiece(promised, source, scanner, newScratch(), noLimit);
  assert.deepEqual(
    { short: result.short, to: result.to, records: result.records, resume: result.resume },
    { short: true, to: text.length, records: 2, resume: null },
  );
});

Deno.test("a piece in which no line begins is empty, not short", async () => {
  const text = cri("x".repeat(500)) + cri("two");
  const of = spec("forward");
  const source = new MemorySource(encoder.encode(text));
  const scanner = await new Scanners().get(of);
  const middle = { ...wholePiece(source, of), from: 100, to: 200 };
  const result = scanPiece(middle, source, scanner, newScratch(), noLimit);
  assert.deepEqual(
    { short: result.short, records: result.records, bytes: result.bytes, resume: result.resume },
    { short: false, records: 0, bytes: 0, resume: null },
  );
});

Deno.test("memory that an over-long line needed is given back", async () => {
  const text = cri("x".repeat(6 << 20)) + cri("short");
  const of = { ...spec("forward"), maxRecordBytes: 8 << 20 };
  const source = new MemorySource(encoder.encode(text));
  const scanner = await new Scanners().get(of);
  const scratch = newScratch();
  const result = scanPiece(wholePiece(source, of), source, scanner, scratch, noLimit);
  assert.equal(result.records, 2);
  assert.ok(scratch.bytes.length <= 2 << 20, `${scratch.bytes.length} bytes are kept`);
});

Deno.test("blocks grow while the scan is fast", () => {
  const text = cri("y".repeat(100)).repeat(20_000);
  const of = spec("forward", "needle");
  const source = new MemorySource(encoder.encode(text));
  const scratch = newScratch();
  const scanner = {
    scan: () => ({ frames: new Uint8Array(0), records: 0, malformed: 0, resume: null }),
  };
  scanPiece(wholePiece(source, of), source, scanner, scratch, noLimit);
  assert.equal(scratch.blockBytes, 256 << 10);
});

Deno.test("scanners are kept by what they scan for, the least recently used ones go", async () => {
  const scanners = new Scanners();
  const first = await scanners.get(spec("forward", "a"));
  assert.equal(await scanners.get(spec("forward", "a")), first);
  assert.notEqual(await scanners.get(spec("backward", "a")), first);
  for (const grep of ["b", "c", "d", "e"]) await scanners.get(spec("forward", grep));
  assert.notEqual(await scanners.get(spec("forward", "a")), first);
});

Deno.test("a pattern that is not valid is refused, every time", async () => {
  const scanners = new Scanners();
  for (const _ of [1, 2]) {
    await assert.rejects(
      scanners.get(spec("forward", "a(")),
      (error) => error instanceof Failure && error.kind === "invalid-argument",
    );
  }
});
