import assert from "node:assert/strict";
import { type HeapSnapshot, summarizeHeap } from "../../../bench/memory/heap_snapshot.ts";

/** Node: type, name, id, size, edges. Edge: type, name, node. */
const heap: HeapSnapshot = {
  snapshot: {
    meta: {
      node_fields: ["type", "name", "id", "self_size", "edge_count"],
      node_types: [["code", "string", "object", "synthetic"], "string", "number"],
      edge_fields: ["type", "name_or_index", "to_node"],
      edge_types: [["internal", "property"], "string_or_number", "node"],
    },
  },
  strings: [
    "system / Script / file:///bundle/main.js",
    "import …",
    "source",
    "Peer",
    "system / Script / node:net",
    "const …",
    "name",
    "system / BytecodeArray / foo",
    "(root)",
  ],
  nodes: [
    ...[0, 0, 1, 100, 2], // the bundle's script
    ...[1, 1, 3, 5000, 0], // its source
    ...[0, 4, 5, 100, 1], // a script of the runtime
    ...[1, 5, 7, 3000, 0], // its source
    ...[2, 3, 9, 40, 1], // an object whose property is called "source"
    ...[2, 3, 11, 40, 0],
    ...[0, 7, 13, 700, 0],
    ...[3, 8, 15, 0, 0],
  ],
  edges: [0, 6, 15, 0, 2, 5, 0, 2, 15, 1, 2, 15],
};

Deno.test("a heap is summarized by kind, by constructor and by where sources are from", () => {
  const summary = summarizeHeap(heap);
  assert.equal(summary.bytes, 100 + 5000 + 100 + 3000 + 40 + 40 + 700);
  assert.deepEqual(summary.byKind, [
    { part: "strings, including source texts", bytes: 8000, count: 2 },
    { part: "compiled code and information about functions", bytes: 900, count: 3 },
    { part: "objects", bytes: 80, count: 2 },
  ]);
  assert.deepEqual(summary.byConstructor, [
    { part: "(string)", bytes: 8000, count: 2 },
    { part: "BytecodeArray", bytes: 700, count: 1 },
    { part: "Script", bytes: 200, count: 2 },
    { part: "Peer", bytes: 80, count: 2 },
  ]);
  assert.deepEqual(summary.sources, [
    { part: "the agent's bundle", bytes: 5000, count: 1 },
    { part: "the runtime, as far as it is loaded", bytes: 3000, count: 1 },
  ]);
});
