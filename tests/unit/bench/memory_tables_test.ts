import assert from "node:assert/strict";
import type { MemoryRun } from "../../../bench/memory/kept_run.ts";
import { memoryTables } from "../../../bench/report/memory_tables.ts";

const sample = (residentMB: number) => ({
  residentMB,
  anonymousMB: 20,
  proportionalMB: 30,
  startMs: 500,
  startCpuMs: 200,
});

const run: MemoryRun = {
  machine: {},
  idle: { bundle: [sample(66), sample(68), sample(90)], "Rust agent": [sample(10)] },
  composition: {
    maps: [
      { part: "malloc", residentMB: 7, privateMB: 7, dirtyMB: 7 },
      { part: "the runtime's program", residentMB: 28.4, privateMB: 0, dirtyMB: 0 },
    ],
    heap: {
      bytes: 12_000_000,
      byKind: [{ part: "objects", bytes: 1_000_000, count: 1234 }],
      byConstructor: [{ part: "(a|b)", bytes: 500_000, count: 1 }],
      sources: [],
    },
  },
};

Deno.test("idle memory is the median of the starts", () => {
  assert.match(
    memoryTables["idle"]!(run),
    /\| the released bundle \| \*\*68 MB\*\* \| 66 … 90 \| 20 MB \|/,
  );
});

Deno.test("mappings end with their sum", () => {
  const lines = memoryTables["maps"]!(run).split("\n");
  assert.equal(lines.at(-1), "| **together** | 35.4 MB | 7.00 MB | 7.00 MB |");
});

Deno.test("a heap's tables say sizes in MB, and names as they are", () => {
  const text = memoryTables["heap"]!(run);
  assert.match(text, /The heap's 12\.0 MB/);
  assert.match(text, /\| objects \| 1,234 \| 1\.00 MB \|/);
  assert.match(text, /\| \(a\\\|b\) \| 1 \| 0\.50 MB \|/);
});

Deno.test("a run without loads says so", () => {
  assert.equal(memoryTables["added"]!(run), "Not measured in this run.");
});
