import assert from "node:assert/strict";
import { fingerprintOf, matchesContent, readFingerprint } from "../../../src/files/fingerprint.ts";
import { bytesOf, cri, docker, sourceOf } from "../../harness/log_text.ts";

const times: readonly [string, string, number | null][] = [
  ["a CRI line", cri(1), 1],
  ["a Docker line", docker(2), 2],
  ["a Docker line that begins with 600 equal bytes", docker(3, "x".repeat(600)), 3],
  ["a Docker line of 100 KiB of escapes", docker(4, "\u0001".repeat(17_000)), 4],
  ["empty lines before the first record", `\n\n${docker(5)}`, 5],
  ["a malformed line before the first record", `no time here\n${cri(6)}`, 6],
  ["the rest of a cut line before the first record", `lf a line\n${cri(7)}`, 7],
  ["a CRI line that has not ended", cri(8).slice(0, 40), 8],
  ["NULs of a writer that kept its offset", "\0".repeat(10_000) + cri(9), 9],
  ["a CRI line whose time has not ended", cri(9).slice(0, 25), null],
  ["a Docker line that has not ended", docker(9, "x".repeat(600)).slice(0, 600), null],
  ["a CRI line of more than is searched", cri(9, "x".repeat(300_000)) + cri(10), 9],
  ["an empty file", "", null],
  ["no times at all", "a\nb\nc\n", null],
  ["nothing but NULs", "\0".repeat(5000), null],
];

for (const [title, text, nanos] of times) {
  Deno.test(`the time in a fingerprint: ${title}`, () => {
    const { time } = readFingerprint(sourceOf(text));
    assert.equal(time?.nanos ?? null, nanos);
  });
}

const long = "x".repeat(600);
const pairs: readonly [string, string, string, boolean][] = [
  ["the same content", cri(1), cri(1), true],
  ["a file that has grown", cri(1), cri(1) + cri(2), true],
  ["a file whose first line was unfinished", cri(1).slice(0, 50), cri(1) + cri(2), true],
  ["equal texts at two times", cri(1), cri(2), false],
  ["equal texts at two times in Docker lines", docker(1), docker(2), false],
  ["600 equal bytes, two times", docker(1, long), docker(2, long), false],
  ["600 equal bytes, the same time", docker(1, long), docker(1, long) + docker(2), true],
  [
    "5,000 equal bytes but for one in the middle",
    docker(1, "x".repeat(2000) + "a" + "x".repeat(2000)),
    docker(1, "x".repeat(2000) + "b" + "x".repeat(2000)),
    false,
  ],
  [
    "an unfinished Docker line tells nothing",
    docker(1, long).slice(0, 600),
    docker(1, long),
    false,
  ],
  ["less than a time tells nothing", cri(1).slice(0, 16), cri(1), false],
  [
    "a line of more than is searched, grown further",
    cri(1, "x".repeat(300_000)).slice(0, 270_000),
    cri(1, "x".repeat(300_000)) + cri(2),
    true,
  ],
  [
    "lines of more than is searched, two times",
    cri(1, "x".repeat(300_000)),
    cri(2, "x".repeat(300_000)),
    false,
  ],
  ["two empty files", "", "", false],
  ["texts without times", "a".repeat(40) + "\n", "a".repeat(40) + "\nb\n", true],
  ["other texts without times", "a".repeat(40) + "\n", "a".repeat(39) + "b\n", false],
  [
    "NULs between two texts",
    "\0".repeat(100) + cri(1) + "\0".repeat(9000) + cri(2),
    "\0".repeat(100) + cri(1),
    true,
  ],
  ["the same text behind NULs and not", "\0".repeat(100) + cri(1), cri(1), false],
];

for (const [title, a, b, expected] of pairs) {
  Deno.test(`${expected ? "one content" : "two contents"}: ${title}`, () => {
    const [x, y] = [readFingerprint(sourceOf(a)), readFingerprint(sourceOf(b))];
    assert.equal(matchesContent(x, y), expected);
    assert.equal(matchesContent(y, x), expected);
  });
}

Deno.test("a fingerprint is read with one small read as a rule", () => {
  const source = sourceOf(cri(1).repeat(10_000));
  readFingerprint(source);
  assert.deepEqual(source.reads, [1, 1024]);
});

Deno.test("fingerprintOf keeps no reference to the bytes that it was given", () => {
  const text = bytesOf(cri(1));
  const found = fingerprintOf(text);
  text.fill(0);
  assert(matchesContent(found, fingerprintOf(bytesOf(cri(1)))));
});
