import assert from "node:assert/strict";
import { cutLine } from "../../../src/cli/cut.ts";

for (
  const [line, width, expected] of [
    ["", 5, ""],
    ["abcde", 5, "abcde"],
    ["abcdef", 5, "abcd…"],
    ["😀😀😀", 3, "😀😀😀"],
    ["😀😀😀😀", 3, "😀😀…"],
    ["\x1b[31mab\x1b[0m", 2, "\x1b[31mab\x1b[0m"],
    ["\x1b[31mab\x1b[0mc", 2, "\x1b[31ma…\x1b[0m"],
  ] as const
) {
  Deno.test(`a line is cut to ${width}: ${JSON.stringify(line)}`, () => {
    assert.equal(cutLine(line, width), expected);
  });
}
