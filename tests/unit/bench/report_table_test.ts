import assert from "node:assert/strict";
import {
  IDLE,
  markdownText,
  PEAK,
  rowsOf,
  SLOW_PEAK,
  table,
} from "../../../bench/peers/report_table.ts";
import { exampleRun } from "./example_run.ts";

const LIST = "List of 1,000 files";
const ALL = "all records, CRI 256 MiB";
const GREP = "grep (error|timeout) .*reset, 282 k hits";
const SLOW = String.raw`\w{200}z in 4 calls: a plain grep meanwhile`;

Deno.test("below 1 the agent is ahead, of a rate as of a duration", () => {
  const run = exampleRun({
    agent: { [LIST]: [5, 6], [ALL]: [2000, 4000] },
    "Rust agent": { [LIST]: [10, 12], [ALL]: [1000, 2000] },
  });
  const lines = table(run).split("\n");
  assert.equal(lines[2], `| ${ALL} | records/s | **3,000** | 2,000 … 4,000 | 1,500 | 0.50x |`);
  assert.equal(lines[3], `| ${LIST} | ms | **5.5** | 5 … 6 | 11 | 0.50x |`);
});

Deno.test("a measurement that one server lacks stays empty", () => {
  const run = exampleRun({ agent: { [LIST]: [5, 6] }, before: {} }, { [LIST]: [50, 60] });
  const line = table(run).split("\n")[2]!;
  assert.equal(line, `| ${LIST} | ms | **5.5** | 5 … 6 |  |  | 55 ms | 0.10x |`);
});

Deno.test("a table shows the rows and servers that it is asked for", () => {
  const figures = { [LIST]: [5, 6], [ALL]: [1, 1] };
  const run = exampleRun({ agent: figures, before: figures, "Rust agent": figures });
  const short = table(run, { names: [LIST], servers: ["Rust agent"], withRange: false });
  assert.deepEqual(short.split("\n"), [
    "|  | unit | this agent | Rust agent | agent / Rust agent |",
    "| --- | --- | --- | --- | --- |",
    `| ${LIST} | ms | **5.5** | 5.5 | 1.0x |`,
  ]);
});

Deno.test("the memory of slow patterns is a row of its own", () => {
  const run = exampleRun({ agent: { [LIST]: [5], [SLOW]: [100] } });
  const values = new Map(rowsOf(run).map((row) => [row.name, row.values(run.servers[0]!)]));
  assert.deepEqual(values.get(IDLE), [60, 64]);
  assert.deepEqual(values.get(PEAK), [100]);
  assert.deepEqual(values.get(SLOW_PEAK), [101]);
});

Deno.test("a pattern stands in a cell as it is", () => {
  assert.equal(markdownText("(.*)*|a_b"), String.raw`(.\*)\*\|a\_b`);
  assert.match(table(exampleRun({ agent: { [GREP]: [1] } })), /\(error\\\|timeout\) \.\\\*reset/);
});
