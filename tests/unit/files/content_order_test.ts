import assert from "node:assert/strict";
import { type FileContent, orderByContent } from "../../../src/files/content_order.ts";
import { fingerprintOf } from "../../../src/files/fingerprint.ts";
import { readLastTime } from "../../../src/files/line_times.ts";

interface File extends FileContent {
  readonly name: string;
}

const line = (minute: number, text = "x") =>
  `2026-11-23T10:${String(minute).padStart(2, "0")}:00Z stdout F ${text}\n`;

function file(name: string, text: string): File {
  const content = new TextEncoder().encode(text);
  return {
    name,
    fingerprint: fingerprintOf(content),
    size: content.length,
    compressed: name.endsWith(".gz"),
    lastTime: () =>
      readLastTime({
        size: content.length,
        readAt(offset, into) {
          const part = content.subarray(offset, offset + into.length);
          into.set(part);
          return part.length;
        },
      }, content.length),
  };
}

const table: readonly [string, readonly File[], string, string][] = [
  ["names and times agree", [file("a", line(1)), file("b", line(2))], "", "a b"],
  [
    "a clock that went back: the younger file has the smaller stamp",
    [
      file("20241103-011000", line(30)),
      file("20241103-013000", line(40)),
      file("20241103-015000", line(5)),
    ],
    "",
    "20241103-015000 20241103-011000 20241103-013000",
  ],
  [
    "first lines an hour ahead of the rest: first and last times disagree, the name decides",
    [file("a", line(50) + line(1) + line(20)), file("b", line(21) + line(30))],
    "",
    "a b",
  ],
  [
    "an empty file stays behind the one before it",
    [file("a", line(3)), file("empty", ""), file("b", line(1))],
    "",
    "b a empty",
  ],
  ["no times at all: the names decide", [file("a", "1\n"), file("b", "2\n")], "", "a b"],
  [
    "two copies of one content: the larger",
    [file("a", line(1)), file("b", line(1) + line(2)), file("c", line(3))],
    "",
    "b c",
  ],
  [
    "a plain copy rather than a compressed one",
    [file("a.gz", line(1) + line(2)), file("b", line(1))],
    "",
    "b",
  ],
  [
    "a copy of the current file that has not been truncated yet",
    [file("a", line(1)), file("copy", line(2) + line(3))],
    line(2) + line(3) + line(4),
    "a",
  ],
  ["equal texts at equal times are one content", [file("a", line(1)), file("b", line(1))], "", "a"],
];

for (const [title, files, current, expected] of table) {
  Deno.test(`order by content: ${title}`, () => {
    const fingerprint = current === "" ? null : fingerprintOf(new TextEncoder().encode(current));
    assert.equal(orderByContent(files, fingerprint).map(({ name }) => name).join(" "), expected);
  });
}

Deno.test("order by content: last times are asked for only in doubt", () => {
  const files = [file("a", line(1)), file("b", line(2)), file("c", line(3))].map((one) => ({
    ...one,
    lastTime: () => assert.fail("asked without need"),
  }));
  assert.equal(orderByContent(files, null).length, 3);
});
