import assert from "node:assert/strict";
import { CandidateLines } from "../../../src/scan/candidate_lines.ts";
import { CriParser } from "../../../src/scan/cri.ts";
import { compilePattern } from "../../../src/scan/pattern.ts";
import { Random, runSeed } from "../../harness/random.ts";

const encoder = new TextEncoder();

interface Line {
  readonly start: number;
  readonly end: number;
}

/** The lines of bytes[from, to), found in the simplest way. */
function linesOf(bytes: Uint8Array, from: number, to: number): Line[] {
  const lines: Line[] = [];
  for (let start = from; start < to;) {
    const lf = bytes.subarray(start, to).indexOf(10);
    const end = lf < 0 ? to : start + lf;
    lines.push({ start, end });
    start = end + 1;
  }
  return lines;
}

function taken(lines: CandidateLines): Line[] {
  return Array.from(
    { length: lines.count },
    (_, i) => ({ start: lines.starts[i]!, end: lines.ends[i]! }),
  );
}

function text(bytes: Uint8Array, { start, end }: Line): string {
  return new TextDecoder().decode(bytes.subarray(start, end));
}

const HEADER = "2024-10-01T05:40:46.960135302Z stdout F ";

/** Lines of text with the word in various places, one word in a header, and of all lengths. */
function randomLines(random: Random): string {
  const parts = ["stdout", "needle", "need", "le", " ", "\u65e5", "x".repeat(30), HEADER];
  let all = "";
  for (let line = random.below(40); line > 0; line--) {
    const words = Array.from({ length: random.below(8) }, () => random.pick(parts)).join("");
    all += `${random.chance(0.8) ? HEADER : ""}${words}\n`;
  }
  return random.chance(0.3) ? all.slice(0, -1) : all;
}

Deno.test("all lines of a block are taken, more than are kept at first", () => {
  const bytes = encoder.encode("a\n\nb\n".repeat(2000) + "c");
  const lines = new CandidateLines();
  for (const [from, to] of [[0, bytes.length], [2, 7], [5, 5]] as const) {
    lines.takeAll(bytes, from, to);
    assert.deepEqual(taken(lines), linesOf(bytes, from, to));
    assert.ok(lines.found.subarray(0, lines.count).every((found) => found === -1));
  }
});

Deno.test("a search takes exactly the lines with a needle in the message, each once", () => {
  const seed = runSeed();
  console.log(`SEED=${seed}`);
  const random = new Random(seed);
  const lines = new CandidateLines();
  const parser = new CriParser();
  for (const word of ["needle", "stdout"]) {
    const { search } = compilePattern(word, "cri");
    assert.ok(search !== null);
    for (let round = 0; round < 300; round++) {
      const bytes = encoder.encode(randomLines(random));
      lines.search(bytes, 0, bytes.length, search, parser);
      const expected = linesOf(bytes, 0, bytes.length).filter((line) => {
        const header = parser.parse(bytes, line.start, line.end) ? parser.start : line.start;
        return text(bytes, { start: header, end: line.end }).includes(word);
      });
      assert.deepEqual(taken(lines), expected, `SEED=${seed} round ${round}`);
      for (let i = 0; i < lines.count; i++) {
        const found = lines.found[i]!;
        if (found >= 0) {
          assert.ok(text(bytes, { start: found, end: lines.ends[i]! }).startsWith(word));
        }
      }
    }
  }
});

Deno.test("without a header parser, a match anywhere in a line counts", () => {
  const { search } = compilePattern("stdout", "cri");
  const bytes = encoder.encode(`${HEADER}a\nnothing\n`);
  const lines = new CandidateLines();
  lines.search(bytes, 0, bytes.length, search!, null);
  assert.deepEqual(taken(lines), linesOf(bytes, 0, bytes.length).slice(0, 1));
});
