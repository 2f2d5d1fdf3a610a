import assert from "node:assert/strict";
import { fingerprintOf } from "../../../src/files/fingerprint.ts";
import { GrowingFingerprint } from "../../../src/files/growing_fingerprint.ts";
import { readGrowth, unknownText } from "../../../src/files/known_text.ts";
import type { LogSource } from "../../../src/files/log_file.ts";
import { bytesOf, cri, docker, sourceOf } from "../../harness/log_text.ts";

function logSource(text: string): LogSource & { readonly reads: number[] } {
  const { size, readAt, reads } = sourceOf(text);
  return { size, readAt, reads, path: "", dev: 1, ino: 1, format: "cri", [Symbol.dispose]() {} };
}

function textOf(text: string) {
  const source = sourceOf(text);
  const growth = readGrowth(source, unknownText, source.size);
  assert(growth !== null);
  return growth.text;
}

/** Shows it the text as it grows to each of the sizes. */
function grown(text: string, ...sizes: number[]): GrowingFingerprint {
  const fingerprint = new GrowingFingerprint();
  for (const size of sizes) {
    const seen = text.slice(0, size);
    assert(fingerprint.readOn(logSource(seen), textOf(seen)));
  }
  return fingerprint;
}

const log = cri(1) + cri(2);
const dockerLog = docker(1, "x".repeat(600)) + docker(2);
const untimed = "no time in any line\n".repeat(40);

/** A text, the sizes at which it was seen, another text, and whether that may have the same content. */
const table: readonly [string, string, number[], string, boolean][] = [
  ["a whole line, grown further", log, [cri(1).length], log + cri(3), true],
  ["a whole line, the other has another time", log, [cri(1).length], cri(2) + cri(3), false],
  ["half a time, then the line", log, [12, cri(1).length], log, true],
  ["half a time, the other is its continuation", log, [12], log, true],
  ["half a time, the other is shorter", log, [12], log.slice(0, 8), false],
  ["half a time, the other begins otherwise", log, [12], log.replace("2026", "2027"), false],
  ["half a Docker line, the other is its continuation", dockerLog, [300], dockerLog, true],
  [
    "a Docker line, another time behind 600 equal bytes",
    dockerLog,
    [
      300,
      dockerLog.length,
    ],
    docker(3, "x".repeat(600)),
    false,
  ],
  ["nothing was seen", log, [], log, false],
  ["nothing was seen, nor of the other", "", [], "", false],
  ["no time in it", untimed, [untimed.length], untimed + cri(1), true],
  ["the same text behind NULs", log, [12], `\0\0${log}`, false],
];

for (const [title, text, sizes, other, expected] of table) {
  Deno.test(`may a file be a segment's? ${title}: ${expected ? "yes" : "no"}`, () => {
    const fingerprint = grown(text, ...sizes);
    const start = [...other].findIndex((char) => char !== "\0");
    const found = fingerprintOf(bytesOf(other).subarray(Math.max(0, start)), Math.max(0, start));
    assert.equal(fingerprint.mayBeOf(found), expected);
  });
}

Deno.test("once it holds a time, a fingerprint is not read again", () => {
  const fingerprint = grown(log, cri(1).length);
  const { value } = fingerprint;
  const source = logSource(log);
  assert(fingerprint.readOn(source, textOf(log)));
  assert.equal(source.reads.length, 0);
  assert.equal(fingerprint.value, value);
});

Deno.test("a log without any time is read again 64 times, then only when it has doubled", () => {
  const fingerprint = new GrowingFingerprint();
  let text = "";
  const readAtSize: number[] = [];
  for (let i = 0; i < 300; i++) {
    text += "no time\n";
    const source = logSource(text);
    const known = textOf(text);
    source.reads.length = 0;
    fingerprint.readOn(source, known);
    if (source.reads.some((count) => count > 512)) readAtSize.push(i + 1);
  }
  assert.equal(readAtSize.at(-1), 256);
  assert.equal(readAtSize.at(-2), 128);
});

Deno.test("a file that changed while its fingerprint was read is reported and not used", () => {
  const fingerprint = new GrowingFingerprint();
  assert.equal(fingerprint.readOn(logSource(cri(2)), textOf(cri(1))), false);
  assert.equal(fingerprint.value.time, null);
});

Deno.test("a copy's fingerprint is taken from the copy", () => {
  const fingerprint = grown(log, 12);
  fingerprint.replace(logSource(log));
  assert.equal(fingerprint.value.time?.nanos, 1);
});
