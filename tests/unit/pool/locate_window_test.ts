import assert from "node:assert/strict";
import { locateWindow } from "../../../src/pool/locate_window.ts";
import { inMemory } from "../../../src/scan/byte_source.ts";
import { parseInstant } from "../../../src/scan/time_window.ts";

const line = (second: number, tag = "F") =>
  `2024-10-01T05:00:${String(second).padStart(2, "0")}Z stdout ${tag} x\n`;
const at = (second: number) => parseInstant(line(second).slice(0, 20));
const size = line(0).length;

const table: readonly [string, string, [number | null, number | null], [number, number]][] = [
  ["all without a window", line(1) + line(2), [null, null], [0, 2]],
  ["from a start", line(1) + line(5) + line(9), [8, null], [2, 3]],
  ["to a stop", line(1) + line(5) + line(9), [null, 6], [0, 2]],
  ["between both", line(1) + line(4) + line(7) + line(20), [4, 8], [1, 3]],
  ["parts that were not finished by the stop are left out", line(1) + line(5, "P"), [null, 6], [
    0,
    1,
  ]],
  ["nothing before the stop", line(5), [null, 1], [0, 0]],
  ["nothing after the start", line(5), [9, null], [1, 1]],
  ["an empty text", "", [1, 2], [0, 0]],
];

for (const [title, text, [start, stop], [from, to]] of table) {
  Deno.test(`a window in a compressed text: ${title}`, async () => {
    const window = {
      start: start === null ? null : at(start),
      stop: stop === null ? null : at(stop),
    };
    const source = inMemory(new TextEncoder().encode(text));
    const bounds = await locateWindow(source, { format: "cri", window }, () => null);
    assert.deepEqual(bounds, { from: from * size, to: to * size });
  });
}

Deno.test("a search that nobody wants any more ends at the next step", async () => {
  const source = inMemory(new TextEncoder().encode("x\n".repeat(1_000_000)));
  const window = { start: at(1), stop: null };
  const stopped = locateWindow(source, { format: "cri", window }, () => {
    throw new Error("stopped");
  });
  await assert.rejects(stopped, /stopped/);
});
