import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { measures } from "../../../bench/peers/measures.ts";
import { IDLE, PEAK } from "../../../bench/peers/report_table.ts";
import {
  documents,
  generated,
  PLOT_FILE,
  summaryRows,
  withFigures,
  withRun,
} from "../../../bench/report/documents.ts";

const project = new URL("../../../", import.meta.url);
const read = (file: string) => readFileSync(new URL(file, project), "utf8");

Deno.test("figures and plot in the documents are those of the runs that they name", () => {
  const files = generated(read);
  assert.deepEqual([...files.keys()], [...documents, PLOT_FILE]);
  for (const [file, text] of files) {
    assert.equal(read(file), text, `${file} differs from its kept run: deno task gen:bench`);
  }
});

Deno.test("every block of figures names its run in its text", () => {
  for (const file of documents) {
    const blocks = [
      ...read(file).matchAll(/<!-- figures: \w+ (\S+) -->([\s\S]*?)<!-- \/figures -->/g),
    ];
    assert.ok(blocks.length > 0, `${file} has no figures`);
    for (const [, run = "", text = ""] of blocks) {
      assert.ok(existsSync(new URL(run, project)), run);
      assert.ok(text.includes(`run \`${run}\`.`), `${file}: ${run}`);
    }
  }
});

Deno.test("figures of an unknown kind, or of no run, are refused", () => {
  const block = (kind: string, run: string) =>
    `<!-- figures: ${kind} ${run} -->\n<!-- /figures -->`;
  const known = /<!-- figures: all (\S+) -->/.exec(read("docs/performance.md"))![1]!;
  assert.match(withFigures(block("all", known)), /this agent/);
  assert.throws(() => withFigures(block("other", known)), /kind "other": unknown/);
  assert.throws(() => withFigures(block("toString", known)), /kind "toString": unknown/);
  assert.throws(() => withFigures(block("all", "deno.json")), /deno\.json is not a kept run/);
  assert.throws(() => withFigures(block("all", "bench/runs/none.json")), /none\.json/);
});

Deno.test("another run takes the place of those of its task, and no figure is left of the old one", () => {
  const known = /<!-- figures: all (\S+) -->/.exec(read("docs/performance.md"))![1]!;
  const document = "a\n<!-- figures: bars old.json -->\nold\n<!-- /figures -->\nb\n";
  const renamed = withRun(document, known);
  assert.equal(renamed, `a\n<!-- figures: bars ${known} -->\nold\n<!-- /figures -->\nb\n`);
  assert.doesNotMatch(withFigures(renamed), /old/);
  assert.throws(() => withRun(document, "deno.json"), /deno\.json is not a kept run/);
});

Deno.test("every row of the README's table is measured", () => {
  const known = [...measures.map(({ name }) => name), IDLE, PEAK];
  assert.deepEqual(summaryRows.filter((name) => !known.includes(name)), []);
});
