import assert from "node:assert/strict";
import { decode } from "@jridgewell/sourcemap-codec";
import { lineMap } from "../../../hack/bundle/line_maps.ts";

/** A map of two lines of a bundle: for the first, three positions in line 1 and two in line 2 of one source. */
const map = {
  version: 3 as const,
  sources: ["a.ts", "b.ts"],
  names: ["first", "second"],
  // Columns 0, 4, 8 of line 0; then 12 and 20 of line 1; the second line begins in b.ts, line 100.
  mappings: "AAAAA,IAAI,IAAIC,IACJ,QAAQ;ACmGR,IAAI",
};

Deno.test("a line map has the beginning of each line, and no names", () => {
  const lines = lineMap(map);
  assert.deepEqual(lines.names, []);
  assert.deepEqual(lines.sources, map.sources);
  assert.deepEqual(decode(lines.mappings), [
    [[0, 0, 0, 0], [12, 0, 1, 4]],
    [[0, 1, 100, 4]],
  ]);
});

Deno.test("a segment without a source ends a line", () => {
  // Column 0 in a line, column 1 without a source, column 2 in the same line again.
  const lines = lineMap({ ...map, mappings: "AAAA,C,CAAC" });
  assert.deepEqual(decode(lines.mappings), [[[0, 0, 0, 0], [1], [2, 0, 0, 1]]]);
});
