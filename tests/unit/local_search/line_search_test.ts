import assert from "node:assert/strict";
import { searchLines } from "../../../src/local_search/line_search.ts";
import { Random, runSeed } from "../../harness/random.ts";
import { RustRegex } from "../../../src/scan/rust_regex.ts";

const encoder = new TextEncoder();

interface Options {
  readonly invert?: boolean;
  readonly before?: number;
  readonly after?: number;
  readonly maxCount?: number | null;
}

/** The results in a log of these lines, given in blocks that end anywhere, as "3:text", "2-context" and "--". */
async function search(
  lines: readonly string[],
  pattern: string,
  { invert = false, before = 0, after = 0, maxCount = null }: Options = {},
  blockBytes = 7,
): Promise<string[]> {
  const bytes = encoder.encode(lines.map((line) => `${line}\n`).join(""));
  async function* blocks() {
    for (let at = 0; at < bytes.length; at += blockBytes) {
      yield await Promise.resolve(bytes.subarray(at, at + blockBytes));
    }
  }
  const shown: string[] = [];
  const options = {
    regex: new RustRegex(pattern),
    invert,
    before,
    after,
    maxCount,
    window: { start: null, stop: null },
    signal: new AbortController().signal,
  };
  for await (
    const { record, number, isMatch, isAfterGap } of searchLines(blocks(), null, options)
  ) {
    if (isAfterGap) shown.push("--");
    shown.push(`${number}${isMatch ? ":" : "-"}${record.message}`);
  }
  return shown;
}

/** The obvious reference: decides for each line separately whether it is shown. Every line is a record. */
function reference(
  messages: readonly string[],
  isSelected: (message: string) => boolean,
  { before = 0, after = 0, maxCount = null }: Options,
): string[] {
  const selected = messages.flatMap((message, i) => isSelected(message) ? [i] : [])
    .slice(0, maxCount ?? undefined);
  const shown: string[] = [];
  let last = -1;
  for (const [i, message] of messages.entries()) {
    if (!selected.some((at) => i >= at - before && i <= at + after)) continue;
    if (last >= 0 && i > last + 1) shown.push("--");
    shown.push(`${i + 1}${selected.includes(i) ? ":" : "-"}${message}`);
    last = i;
  }
  return shown;
}

const cri = (message: string) => `2024-10-01T05:00:00Z stdout F ${message}`;

Deno.test("random logs, contexts and limits: as the obvious reference says", async () => {
  const random = new Random(runSeed());
  for (let round = 0; round < 300; round++) {
    const messages = Array.from(
      { length: random.below(30) },
      (_, i) => `${random.pick(["x", "o"])}${i}`,
    );
    const options = {
      invert: random.chance(0.5),
      before: random.below(4),
      after: random.below(4),
      maxCount: random.chance(0.3) ? 1 + random.below(4) : null,
    };
    const expected = reference(
      messages,
      (message) => message.startsWith("x") !== options.invert,
      options,
    );
    const actual = await search(messages.map(cri), "^x", options, 1 + random.below(200));
    const context = JSON.stringify({ seed: random.seed, round, options, messages });
    assert.deepEqual(actual, expected, context);
  }
});

Deno.test("malformed lines count for line numbers and are not shown", async () => {
  const lines = ["garbage", cri("x1"), "", "more", cri("x2")];
  assert.deepEqual(await search(lines, "x"), ["2:x1", "--", "5:x2"]);
  assert.deepEqual(await search(lines, "x", { invert: true }), []);
});

Deno.test("Docker's format is detected, and a line of its own is decoded", async () => {
  const line = '{"log":"caf\\u00e9 x\\n","stream":"stdout","time":"2024-10-01T05:00:00Z"}';
  assert.deepEqual(await search([line], "é"), ["1:café x"]);
});

Deno.test("a line beyond 16 MiB is left out, and counts for line numbers", async () => {
  const huge = cri("x".repeat(17 * 2 ** 20));
  assert.deepEqual(await search([cri("x1"), huge, cri("x2")], "x", {}, 2 ** 20), [
    "1:x1",
    "--",
    "3:x2",
  ]);
});
