import assert from "node:assert/strict";
import { inMemory } from "../../../src/scan/byte_source.ts";
import type { LogFormat } from "../../../src/scan/format.ts";
import { BLOCK_BYTES, SourceWindow } from "../../../src/scan/source_window.ts";
import { TimedLines } from "../../../src/scan/timed_lines.ts";

function linesOf(text: string, format: LogFormat, breathe: () => null = () => null): TimedLines {
  const bytes = new TextEncoder().encode(text);
  return new TimedLines(
    new SourceWindow(inMemory(bytes), { from: 0, to: bytes.length }, breathe),
    format,
  );
}

const TIME = "2024-10-01T05:00:01Z";
const seconds = Date.parse(TIME) / 1000;
const docker = (log: string) => `{"log":"${log}","stream":"stdout","time":"${TIME}"}\n`;

const table: readonly [string, LogFormat, string, number | null, boolean][] = [
  ["a CRI line", "cri", `${TIME} stdout F a\n`, 0, true],
  ["a part", "cri", `${TIME} stdout P a\n`, 0, false],
  ["behind NULs", "cri", `\0\0\0${TIME} stdout F a\n`, 0, true],
  ["behind a malformed line", "cri", `x\n${TIME} stdout F a\n`, 2, true],
  ["without its end", "cri", `${TIME} stdout F a`, 0, true],
  ["longer than a block", "cri", `${TIME} stdout F ${"x".repeat(600_000)}\n`, 0, true],
  ["none", "cri", "x\ny\n", null, false],
  ["a Docker line", "docker", docker("a\\n"), 0, true],
  ["a Docker line of which only the end is read", "docker", docker("x".repeat(600_000)), 0, false],
  [
    "a long Docker line whose end is none",
    "docker",
    `{"log":"${"x".repeat(600_000)}\n`,
    null,
    false,
  ],
];

for (const [title, format, text, start, isFinal] of table) {
  Deno.test(`the next line with a time: ${title}`, async () => {
    const lines = linesOf(text, format);
    const found = await lines.next(0, text.length);
    assert.equal(found?.start ?? null, start);
    if (found === null) return;
    assert.equal(lines.time.seconds, seconds);
    assert.equal(lines.isFinal, isFinal);
  });
}

for (const unit of ["x\n", "\n", "\0\n", "\0x\n\n"]) {
  Deno.test(`regression: short malformed lines in a row were skipped without giving others their turn, and slowly: ${JSON.stringify(unit)}`, async () => {
    let turns = 0;
    const begin = unit.repeat(500_000);
    const text = `${begin}${TIME} stdout F a\n`;
    const lines = linesOf(text, "cri", () => {
      turns++;
      return null;
    });
    assert.equal((await lines.next(0, text.length))?.start, begin.length);
    const most = begin.length / 3000;
    assert.ok(turns >= begin.length / (2 * BLOCK_BYTES), `${turns} turns`);
    assert.ok(turns <= most, `${turns} turns, as if for each line: at most ${most}`);
  });
}
