import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { withMap } from "../../hack/gen_map.ts";
import { folderOf, importGraph, layers } from "../../hack/import_graph.ts";

const graph = await importGraph();

Deno.test("imports point only upwards in the order of layers", () => {
  assert.ok(graph.size > 30, `only ${graph.size} modules: the graph was not read`);
  const wrong: string[] = [];
  for (const [path, targets] of graph) {
    for (const target of targets) {
      if (layerOf(target) > layerOf(path)) wrong.push(`${path} imports ${target}`);
    }
  }
  assert.deepEqual(wrong, []);
});

Deno.test("no module imports itself through others", () => {
  const done = new Set<string>();
  const visit = (path: string, way: readonly string[]): void => {
    const at = way.indexOf(path);
    assert.equal(at, -1, `a cycle: ${[...way.slice(at), path].join(" -> ")}`);
    if (done.has(path)) return;
    for (const target of graph.get(path) ?? []) visit(target, [...way, path]);
    done.add(path);
  };
  for (const path of graph.keys()) visit(path, []);
});

Deno.test("the map in docs/development.md shows the imports as they are", () => {
  const text = readFileSync(new URL("../../docs/development.md", import.meta.url), "utf8");
  assert.ok(withMap(text, graph) === text, "the map is out of date: deno task gen:map");
});

function layerOf(path: string): number {
  const layer = layers.indexOf(folderOf(path));
  assert.notEqual(layer, -1, `src/${folderOf(path)} has no place in the order of layers`);
  return layer;
}
