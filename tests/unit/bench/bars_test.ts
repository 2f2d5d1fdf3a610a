import assert from "node:assert/strict";
import { measures } from "../../../bench/peers/measures.ts";
import { bars, namedMeasures } from "../../../bench/report/bars.ts";
import { exampleRun } from "./example_run.ts";

const LIST = "List of 1,000 files";
const GREP = "grep literal, 20 hits";
const BACKWARD = "backward grep, 20 hits";

function lineOf(text: string, beginning: string): string {
  const line = text.split("\n").find((line) => line.startsWith(`| ${beginning}`));
  assert.ok(line !== undefined, `${beginning} in\n${text}`);
  return line;
}

Deno.test("a bar that was missed says so", () => {
  const run = exampleRun({
    agent: { [LIST]: [8, 8], [GREP]: [10, 10], [BACKWARD]: [12, 12] },
    before: { [LIST]: [10, 10], [GREP]: [10, 10], [BACKWARD]: [12, 12] },
  });
  const text = bars(run);
  assert.equal(lineOf(text, LIST), `| ${LIST}, compared with before | 0.75 | 0.8 | **missed** |`);
  assert.match(lineOf(text, "backward grep, compared"), /\| 1\.2 \| \*\*missed\*\* \|$/);
  assert.match(lineOf(text, "memory idle"), /\| 70 MB \| 62 MB \| met \|$/);
});

Deno.test("a bar over several rows names those beyond it", () => {
  const run = exampleRun({
    agent: { [LIST]: [5], [GREP]: [11], [BACKWARD]: [10] },
    before: { [LIST]: [10], [GREP]: [10], [BACKWARD]: [10] },
  });
  const line = lineOf(bars(run), "worst other row");
  assert.match(line, /\| 1\.1: grep literal, 20 hits \(1\.1\) \| \*\*missed\*\* \|$/);
});

Deno.test("a bar without figures is not met", () => {
  const line = lineOf(bars(exampleRun({ agent: { [LIST]: [5] } })), LIST);
  assert.match(line, /\| not measured \| \*\*missed\*\* \|$/);
});

Deno.test("every measure that a bar names is measured", () => {
  const known = measures.map(({ name }) => name);
  assert.deepEqual(namedMeasures.filter((name) => !known.includes(name)), []);
});
