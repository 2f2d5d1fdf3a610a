import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { documents, generated, withFigures } from "../../../bench/report/documents.ts";
import { pairedRatio } from "../../../bench/peers/kept_run.ts";

const read = (file: string) => readFileSync(new URL(`../../../${file}`, import.meta.url), "utf8");

Deno.test("figures and plot in the documents are those of the kept runs", () => {
  const files = generated(read);
  assert.ok(files.size >= documents.length);
  for (const [file, text] of files) {
    assert.ok(read(file) === text, `${file} is not what its run says: deno task gen:bench`);
  }
});

Deno.test("every document with figures names its run", () => {
  for (const file of documents) assert.match(read(file), /<!-- figures: \w+ bench\/runs\/\S+ -->/);
});

Deno.test("a block of an unknown kind is an error, not left as it is", () => {
  const block = "<!-- figures: nonsense bench/runs/none.json -->\n<!-- /figures -->";
  assert.throws(() => withFigures(block), /unknown/);
});

Deno.test("a ratio is the median of the turns' own, whatever the machine's speed", () => {
  // The machine is ten times slower in the second turn.
  assert.equal(pairedRatio([1, 10, 3], [2, 20, 6]), 0.5);
  assert.ok(Number.isNaN(pairedRatio([], [1])));
});
