import assert from "node:assert/strict";
import { loadHighlighter } from "../../../src/cli/highlight.ts";

for (
  const [pattern, text, expected] of [
    ["b+", "abbcb", ["bb", "b"]],
    ["(?i)ÄÖ", "x😀 äö y", ["äö"]],
    ["error|warn", "warn: error", ["warn", "error"]],
    // A space also matches among colors, as in the agent's grep.
    ["a b", "a\x1b[31m b", ["a\x1b[31m b"]],
    ["^", "abc", [""]],
    [" x ", "axb", ["x"]],
    ["nothing", "abc", []],
  ] as const
) {
  Deno.test(`matches of ${pattern} are found in ${JSON.stringify(text)}`, async () => {
    const find = await loadHighlighter(pattern);
    assert.deepEqual(find?.(text).map(([start, end]) => text.slice(start, end)), expected);
  });
}

Deno.test("nothing is highlighted by a pattern that is none, or in a message of megabytes", async () => {
  assert.equal(await loadHighlighter("("), null);
  assert.equal(await loadHighlighter("  "), null);
  assert.deepEqual((await loadHighlighter("x"))?.("x".repeat(2 ** 20)), []);
});
