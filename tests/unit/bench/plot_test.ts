import assert from "node:assert/strict";
import { plot } from "../../../bench/report/plot.ts";
import { exampleRun } from "./example_run.ts";

const GREP = "grep (error|timeout) .*reset, 282 k hits";

Deno.test("the plot has a mark for each server and row, and none of before", () => {
  const figures = { "List of 1,000 files": [5, 6], [GREP]: [300, 310] };
  const run = exampleRun(
    { agent: figures, before: figures, "Rust agent": figures },
    { [GREP]: [250, 260] },
  );
  const picture = plot(run);
  const titles = [...picture.matchAll(/<title>([^<]*)<\/title>/g)].map(([, title]) => title);
  assert.deepEqual(titles, [
    "ripgrep, not over a network: 255 ms",
    "Rust agent: 305 ms",
    "this agent: 305 ms",
    "Rust agent: 5.5 ms",
    "this agent: 5.5 ms",
  ]);
});

Deno.test("the plot's texts are escaped", () => {
  const run = exampleRun({ agent: { [GREP]: [1] } });
  const machine = { ...run.machine, cpu: `<script>"&` };
  assert.match(plot({ ...run, machine }), /&lt;script>&quot;&amp;/);
});
