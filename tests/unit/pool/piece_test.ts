import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { Failure } from "../../../src/failure/failure.ts";
import { inlinedRequest, inlinedResult } from "../../../src/pool/inlined_piece.ts";
import {
  newScratch,
  type Piece,
  type PieceResult,
  Scanners,
  scanPiece,
} from "../../../src/pool/piece.ts";
import type { Scanner } from "../../../src/scan/scan.ts";
import { Random, runSeed } from "../../harness/random.ts";
import {
  cri,
  joined,
  MemorySource,
  randomLog,
  spec,
  toTheEnd,
  wholeFrames,
  wholePiece,
} from "./log_pieces.ts";

const encoder = new TextEncoder();
const noLimit = { sliceMs: Infinity };

Deno.test("pieces cut anywhere, with any budget, block size and time, give the same result as one scan of the whole", async () => {
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

Deno.test("long lines, whitespace and NULs in pieces cut anywhere give the same result as one scan of the whole", async () => {
  const seed = runSeed();
  for (let round = 0; round < 25; round++) {
    const random = new Random(seed + round);
    let text = "";
    while (random.chance(0.7)) {
      const unit = random.pick(["x", "needle ", "\u00e9\u65e5", "\xff", " \u3000"]);
      const line = cri(
        unit.repeat(random.below(random.chance(0.2) ? 600_000 : 60_000)),
        1,
        random.pick(["P", "F"]),
      );
      text += random.pick(["", "", "\0", "\0".repeat(300_000)]) + line;
      if (random.chance(0.3)) text += `malformed ${"y".repeat(random.below(200_000))}\n`;
      if (random.chance(0.5)) text += cri("short");
    }
    const bytes = encoder.encode(text);
    // Invalid bytes, which become longer when they are replaced.
    for (let i = 0; i < bytes.length; i++) if (bytes[i] === 0xc3 && i % 3 === 0) bytes[i] = 0xff;
    const source = new MemorySource(bytes);
    const of = {
      ...spec(random.pick(["forward", "backward"]), random.pick(["", "needle"])),
      maxRecordBytes: random.pick([10_000, 100_000]),
    };
    const scanner = await new Scanners().get(of);
    const bounds = [0, source.size];
    while (random.chance(0.7)) bounds.push(random.below(source.size + 1));
    bounds.sort((a, b) => a - b);
    const pieces = bounds.slice(1).map((to, index): Piece => ({
      ...wholePiece(source, of),
      from: bounds[index]!,
      to,
      budget: random.pick([50_000, 200_000, Infinity]),
    }));
    if (of.direction === "backward") pieces.reverse();
    const scratch = newScratch();
    const frames: Uint8Array[] = [];
    for (const piece of pieces) {
      const limits = { sliceMs: random.pick([0, Infinity]), inline: random.chance(0.2) };
      const scan = (part: Piece) => {
        scratch.blockBytes = 1 + random.below(200_000);
        const how = part.line === null ? limits : { sliceMs: limits.sliceMs };
        const result = inlined(part, scanner) ?? scanPiece(part, source, scanner, scratch, how);
        return Promise.resolve(structuredClone(result));
      };
      const inlined = (part: Piece, scanner: Scanner) => {
        if (random.chance(0.5)) return null;
        const { request, lines } = inlinedRequest(part, { sliceMs: 0, scratch: newScratch() });
        assert.ok(request.kind === "scan" && "bytes" in request.source);
        const { bytes, offset } = request.source;
        const worker = {
          size: offset + bytes.length,
          readAt: (at: number, into: Uint8Array) =>
            new MemorySource(bytes).readAt(at - offset, into),
        };
        const result = scanPiece(request.piece, worker, scanner, newScratch(), {
          ...limits,
          reachesLines: true,
        });
        return inlinedResult(part, lines, result);
      };
      frames.push((await toTheEnd(piece, scan)).frames);
    }
    const label = `SEED=${seed + round} ${JSON.stringify(of)} cut at ${bounds}`;
    const expected = await wholeFrames(source.bytes, of);
    const got = joined(frames);
    assert.ok(Buffer.compare(got, expected) === 0, label);
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
      resume: { offset: cri("one").length, skip: 0, line: null },
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

Deno.test("memory that a long record needed is given back", async () => {
  const text = cri("x".repeat(6 << 20)) + cri("short");
  const of = { ...spec("forward"), maxRecordBytes: 4 << 20 };
  const source = new MemorySource(encoder.encode(text));
  const scanner = await new Scanners().get(of);
  const scratch = newScratch();
  const result = scanPiece(wholePiece(source, of), source, scanner, scratch, noLimit);
  assert.equal(result.records, 3);
  assert.ok(scratch.bytes.length <= 2 << 20, `${scratch.bytes.length} bytes are kept`);
});

Deno.test("blocks grow while the scan is fast", () => {
  const text = cri("y".repeat(100)).repeat(20_000);
  const of = spec("forward", "needle");
  const source = new MemorySource(encoder.encode(text));
  const scratch = newScratch();
  const scanner = {
    memory: null,
    scan: () => ({ frames: new Uint8Array(0), records: 0, malformed: 0, resume: null }),
  };
  scanPiece(wholePiece(source, of), source, scanner, scratch, noLimit);
  assert.equal(scratch.blockBytes, 256 << 10);
});

Deno.test("blocks shrink to whole bytes while the scan is slow", () => {
  const source = new MemorySource(encoder.encode(cri("y".repeat(100)).repeat(20_000)));
  const scratch = { ...newScratch(), blockBytes: 150_001 };
  const real = performance.now;
  let now = 0;
  const scanner = {
    memory: null,
    scan: () => {
      now += 20;
      return { frames: new Uint8Array(0), records: 0, malformed: 0, resume: null };
    },
  };
  performance.now = () => now;
  try {
    scanPiece(wholePiece(source, spec("backward", "needle")), source, scanner, scratch, {
      sliceMs: 20,
    });
  } finally {
    performance.now = real;
  }
  assert.equal(scratch.blockBytes, 75_000);
});

Deno.test("a search's bytes are read where they are searched, unless a line is too long for it", async () => {
  const of = spec("forward", "needle");
  const scanner = await new Scanners().get(of);
  assert.ok(scanner.memory !== null);
  const scratch = newScratch();
  const short = cri("a needle").repeat(10);
  const scan = (text: string) => {
    const source = new MemorySource(encoder.encode(text));
    return scanPiece(wholePiece(source, of), source, scanner, scratch, noLimit).records;
  };
  assert.equal(scan(short), 10);
  assert.equal(scratch.bytes.buffer, scanner.memory.buffer);
  assert.equal(scan(short + cri(`${"x".repeat(scanner.memory.length)} needle`) + short), 21);
  assert.notEqual(scratch.bytes.buffer, scanner.memory.buffer);
  assert.equal(scan(short), 10);
});

Deno.test("scanners are cached by their search, and the least recently used are evicted", async () => {
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

Deno.test("an inlined line longer than a block is scanned whatever time is left", async () => {
  const bytes = encoder.encode(cri("x".repeat(200_000)) + cri("short"));
  const of = { ...spec("backward", ""), maxRecordBytes: 1_000_000 };
  const piece = { ...wholePiece(new MemorySource(bytes), of), to: 100 };
  const { request, lines } = inlinedRequest(piece, { sliceMs: 0, scratch: newScratch() });
  assert.ok(request.kind === "scan" && "bytes" in request.source);
  const scanner = await new Scanners().get(of);
  const limits = { sliceMs: 0, reachesLines: true };
  const worker = new MemorySource(request.source.bytes);
  const result = scanPiece(request.piece, worker, scanner, newScratch(), limits);
  const { records, resume } = inlinedResult(piece, lines, result);
  assert.deepEqual([records, resume], [1, null]);
});
