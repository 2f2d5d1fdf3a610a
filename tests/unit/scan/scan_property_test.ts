/** For random logs, patterns and budgets, the scanner's answers equal those of the slow reference. */
import assert from "node:assert/strict";
import { RustRegex } from "../../../src/scan/rust_regex.ts";
import { createScanner, type Scanner, type ScanSpec } from "../../../src/scan/scan.ts";
import { Failure } from "../../../src/failure/failure.ts";
import { randomLog } from "./random_log.ts";
import { type RandomPattern, randomPattern } from "./random_pattern.ts";
import { Random, runSeed } from "../../harness/random.ts";
import { referenceFrame, referenceLines, type ReferenceRecord } from "./reference.ts";

/** The scanner's whole answer, in as many scans as the budgets require. */
function scanAll(
  scanner: Scanner,
  spec: ScanSpec,
  bytes: Uint8Array,
  range: { from: number; to: number },
  budget: () => number,
): { frames: Uint8Array[]; malformed: number } {
  let { from, to } = range;
  let skip = 0;
  const frames: Uint8Array[] = [];
  let malformed = 0;
  for (let round = 0;; round++) {
    assert(round < 10_000, "a scan makes no headway");
    const limit = budget();
    const result = scanner.scan(bytes, from, to, { budget: limit, skip });
    assert.equal(result.frames.byteOffset, 0);
    const split = splitFrames(result.frames);
    assert.equal(split.length, result.records);
    frames.push(...split);
    malformed += result.malformed;
    const { resume } = result;
    if (resume === null) return { frames, malformed };
    assert(result.frames.length >= limit, "a scan ended before its budget");
    assert(
      result.frames.length - split.at(-1)!.length < limit,
      "a scan went on after its budget was reached",
    );
    if (spec.direction === "forward") from = resume.offset;
    else to = resume.offset;
    assert(from < to, "something is said to be left, but nothing is");
    skip = resume.skip;
  }
}

function splitFrames(bytes: Uint8Array): Uint8Array[] {
  const frames: Uint8Array[] = [];
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length;) {
    const end = at + 5 + view.getUint32(at + 1);
    frames.push(bytes.subarray(at, end));
    at = end;
  }
  return frames;
}

function hex(frames: readonly Uint8Array[]): string[] {
  return frames.map((frame) => frame.toHex());
}

/** Embeds the piece in other bytes, as in a reader's scratch buffer. */
function embedded(random: Random, log: Uint8Array): { bytes: Uint8Array; from: number } {
  const from = random.below(5);
  const bytes = new Uint8Array(from + log.length + random.below(40)).fill(
    random.pick([10, 65, 255]),
  );
  bytes.set(log, from);
  return { bytes, from };
}

async function check(random: Random, format: "cri" | "docker", pattern: RandomPattern | null) {
  const spec: ScanSpec = {
    format,
    direction: random.pick(["forward", "backward"]),
    grep: pattern?.sent ?? random.pick(["", " ", "\t\u3000"]),
    maxRecordBytes: random.pick([2 ** 21, 2 ** 21, 16, 7]),
  };
  const matcher = pattern && new RustRegex(pattern.meaning);
  const matches = ({ text }: ReferenceRecord) => {
    const bytes = new TextEncoder().encode(text);
    return matcher === null || matcher.matches(bytes, 0, bytes.length);
  };
  const blockBytes = random.pick([1, 100, 1000, 2 ** 18]);
  const scanner = await createScanner(spec, { blockBytes });
  const logs = pattern === null ? 5 : 8;
  for (let i = 0; i < logs; i++) { // one scanner, many pieces
    const log = randomLog(random, format, random.below(random.chance(0.1) ? 120 : 16));
    const lines = referenceLines(log, format, spec.maxRecordBytes);
    const records = lines.flatMap((line) => line.records ?? []).filter(matches);
    if (spec.direction === "backward") records.reverse();

    const { bytes, from } = embedded(random, log);
    const budget = random.pick([
      () => 2 ** 30,
      () => 1,
      () => 1 + random.below(300),
      () => 1 + random.below(3000),
    ]);
    const range = { from, to: from + log.length };
    const answer = scanAll(scanner, spec, bytes, range, budget);
    assert.deepEqual(
      hex(answer.frames),
      hex(records.map(referenceFrame)),
      JSON.stringify({ spec, meaning: pattern?.meaning, log: new TextDecoder().decode(log) }),
    );
    if (pattern === null) {
      assert.equal(answer.malformed, lines.filter((line) => line.records === null).length);
    }
    cases++;
  }
}

let cases = 0;

for (const format of ["cri", "docker"] as const) {
  Deno.test(`${format}: all records of random logs are those of the reference`, async () => {
    const seed = runSeed();
    const random = new Random(seed);
    try {
      for (let i = 0; i < 300; i++) await check(random, format, null);
    } catch (error) {
      console.error(`SEED=${seed}`);
      throw error;
    }
  });

  Deno.test(`${format}: random patterns find what the Rust regex crate finds`, async () => {
    const seed = runSeed();
    const random = new Random(seed);
    try {
      for (let i = 0; i < 500; i++) {
        const pattern = randomPattern(random);
        try {
          await check(random, format, pattern);
        } catch (error) {
          if (!(error instanceof Failure)) throw error;
          assert.match(error.message, /not allowed/, pattern.sent);
        }
      }
    } catch (error) {
      console.error(`SEED=${seed}`);
      throw error;
    }
  });
}

Deno.test("at least ten thousand random cases were compared", () => {
  assert(cases >= 10_000, `${cases}`);
});
