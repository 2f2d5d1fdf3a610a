import assert from "node:assert/strict";
import { firstTimedLine, lastTimeIn, readLastTime } from "../../../src/files/line_times.ts";
import { bytesOf, cri, docker, sourceOf } from "../../harness/log_text.ts";

/** The end of the first line with a time; 0: it has not ended; null: there is no time. */
const firstLines: readonly [string, string, number | null][] = [
  ["the first line", cri(1) + cri(2), cri(1).length],
  [
    "a line behind malformed ones",
    `\n\nno time\n${cri(1)}${cri(2)}`,
    `\n\nno time\n${cri(1)}`.length,
  ],
  ["a line behind NULs", `\0\0\0${docker(1)}`, docker(1).length + 3],
  ["a CRI line that has not ended", cri(1).slice(0, -1), 0],
  ["a CRI line of which no more than the time is there", cri(1).slice(0, 31), 0],
  ["a CRI time that may continue", cri(1).slice(0, 30), null],
  ["a Docker line that has not ended", docker(1).slice(0, -1), null],
  ["no time", "a\nb\n", null],
  ["nothing", "", null],
];

for (const [title, text, end] of firstLines) {
  Deno.test(`the first line with a time: ${title}`, () => {
    const found = firstTimedLine(bytesOf(text));
    assert.equal(found?.to ?? null, end);
    if (found !== null) assert.equal(found.time.nanos, 1);
  });
}

const lastTimes: readonly [string, string, number | null][] = [
  ["the last of three lines", cri(1) + cri(2) + cri(3), 3],
  ["an unfinished last line that shows its time", cri(1) + cri(2).slice(0, -1), 2],
  ["an unfinished last line without a time", docker(1) + docker(2).slice(0, 20), 1],
  ["empty and malformed lines at the end", `${cri(4)}\n\nx\n`, 4],
  ["one line", docker(5), 5],
  ["nothing", "", null],
  ["an empty line", "\n", null],
  ["a last line of 100 KiB behind others", cri(1) + cri(6, "y".repeat(100_000)), null],
  ["long lines before the last", cri(1, "y".repeat(100_000)) + cri(7), 7],
];

for (const [title, text, nanos] of lastTimes) {
  Deno.test(`the last time: ${title}`, () => {
    const source = sourceOf(text);
    assert.equal(readLastTime(source, source.size)?.nanos ?? null, nanos);
  });
}

Deno.test("the last time of a Docker line is found in its end alone", () => {
  assert.equal(lastTimeIn(bytesOf(docker(8, "x".repeat(200)).slice(-60)))?.nanos, 8);
});
