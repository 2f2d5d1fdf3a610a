import assert from "node:assert/strict";
import { parseInstant } from "../../../src/scan/time_window.ts";
import { FollowWindow } from "../../../src/stream/follow_window.ts";
import type { LogRange, LogSource, TimeWindow } from "../../../src/stream/plan.ts";

const time = (second: number) => `2024-10-01T00:00:${String(second).padStart(2, "0")}Z`;
const line = (second: number, text: string, tag = "F") => `${time(second)} stdout ${tag} ${text}\n`;
const at = (second: number) => parseInstant(time(second));

/** The appended texts as ranges of one log. */
function ranges(texts: readonly string[]): LogRange[] {
  const bytes = new TextEncoder().encode(texts.join(""));
  const source: LogSource = {
    path: "log",
    dev: 1,
    ino: 1,
    format: "cri",
    size: bytes.length,
    readAt(offset, into) {
      const part = bytes.subarray(offset, offset + into.length);
      into.set(part);
      return part.length;
    },
  };
  let from = 0;
  return texts.map((text) => {
    const range = { source, from, to: from + new TextEncoder().encode(text).length };
    from = range.to;
    return range;
  });
}

/** The messages that pass, and "(over)" when it is over. */
async function messages(window: TimeWindow, ...texts: string[]): Promise<string[]> {
  const cutter = new FollowWindow(window);
  const found: string[] = [];
  for (const range of ranges(texts)) {
    const result = await cutter.cut(range, { isIntact: () => true, breathe: () => null });
    assert(result !== null);
    for (const { source, from, to } of result.parts) {
      const bytes = new Uint8Array(to - from);
      source.readAt(from, bytes);
      const text = new TextDecoder().decode(bytes);
      found.push(...text.split("\n").filter(Boolean).map((line) => line.slice(30)));
    }
    if (result.over) return [...found, "(over)"];
  }
  return found;
}

const part = "x".repeat(400_000);
const table: readonly [string, TimeWindow, readonly string[], readonly string[]][] = [
  ["open at both ends, everything comes", { start: null, stop: null }, [
    line(1, "a") + line(2, "b"),
    line(3, "c"),
  ], ["a", "b", "c"]],
  ["nothing before the start, everything from it on", { start: at(4), stop: null }, [
    line(1, "a") + line(2, "b"),
    line(2, "c") + line(5, "d"),
    line(4, "out of order after the start"),
  ], ["d", "out of order after the start"]],
  ["over as soon as a record later than the stop appears", { start: null, stop: at(4) }, [
    line(1, "a"),
    line(4, "b") + line(5, "later") + line(6, "later still"),
  ], ["a", "b", "(over)"]],
  ["with a stop, parts wait for the final line that ends them", { start: null, stop: at(5) }, [
    line(1, "a"),
    line(2, "part 1 ", "P"),
    line(3, "part 2 ", "P"),
    line(4, "end"),
    line(9, "later"),
  ], ["a", "part 1 ", "part 2 ", "end", "(over)"]],
  ["parts whose line ends after the stop are left out", { start: null, stop: at(5) }, [
    line(1, "a") + line(2, "part 1 ", "P"),
    line(9, "end"),
  ], ["a", "(over)"]],
  ["more than 1 MiB of parts is not held back", { start: null, stop: at(5) }, [
    line(1, part, "P"),
    line(1, part, "P"),
    line(1, part, "P"),
    line(9, "later"),
  ], [part, part, part, "(over)"]],
];

for (const [title, window, texts, expected] of table) {
  Deno.test(`follow window: ${title}`, async () => {
    assert.deepEqual(await messages(window, ...texts), expected);
  });
}

Deno.test("regression: parts that were too many to be held back were read into memory, all in one turn of the event loop", async () => {
  const cutter = new FollowWindow({ start: null, stop: at(5) });
  const [first, rest] = ranges([line(1, "held", "P"), line(1, part, "P").repeat(20)]);
  assert(first !== undefined && rest !== undefined);
  let largest = 0;
  const source: LogSource = {
    ...rest.source,
    readAt(offset, into) {
      largest = Math.max(largest, into.length);
      return rest.source.readAt(offset, into);
    },
  };
  const options = { isIntact: () => true, breathe: () => null };
  assert.deepEqual(await cutter.cut({ ...first, source }, options), { parts: [], over: false });
  const result = await cutter.cut({ ...rest, source }, options);
  assert.deepEqual(result?.parts.map(({ from, to }) => [from, to]), [
    [first.from, first.to],
    [rest.from, rest.to],
  ]);
  assert.equal(result?.parts[1]?.source, source, "it is read where it lies");
  assert.ok(largest <= 1024 * 1024, `${largest} bytes read at a time`);
});

Deno.test("follow window: of bytes that were not the range's nothing comes, and nothing is remembered", async () => {
  const cutter = new FollowWindow({ start: at(2), stop: at(8) });
  const [wrong, right] = [
    ranges([line(5, "wrong") + line(6, "part", "P")]),
    ranges([line(0, "a") + line(3, "b")]),
  ];
  assert(wrong[0] !== undefined && right[0] !== undefined);
  const breathe = () => null;
  assert.equal(await cutter.cut(wrong[0], { isIntact: () => false, breathe }), null);
  const result = await cutter.cut(right[0], { isIntact: () => true, breathe });
  assert.deepEqual(result?.parts.map(({ from, to }) => [from, to]), [[
    line(0, "a").length,
    right[0].to,
  ]]);
});
