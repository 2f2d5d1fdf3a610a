import assert from "node:assert/strict";
import { allKeys } from "../../../src/config/check.ts";
import { jsonSchema } from "../../../src/config/json_schema.ts";

interface Node {
  readonly properties?: Record<string, Node>;
  readonly description?: string;
  readonly default?: unknown;
  readonly additionalProperties?: boolean;
  readonly type?: string;
  readonly pattern?: string;
  readonly anyOf?: readonly Node[];
}

function nodeOf(key: string): Node {
  let node: Node = jsonSchema();
  for (const part of key.split(".")) node = node.properties?.[part] ?? assert.fail(key);
  return node;
}

Deno.test("the JSON Schema has every key, with its description and default", () => {
  for (const key of allKeys()) {
    const node = nodeOf(key);
    assert.ok((node.description ?? "").length > 10, key);
    assert.ok("default" in node, key);
  }
});

Deno.test("any value may come from the environment", () => {
  for (const key of allKeys()) {
    const reference = nodeOf(key).anyOf?.at(-1);
    assert.equal(reference?.type, "string", key);
    const pattern = new RegExp(reference.pattern ?? "");
    assert.ok(pattern.test("${HOST}") && pattern.test("${PORT:50051}"), key);
    assert.ok(!pattern.test("$HOST"), key);
  }
});

Deno.test("an unknown key is marked, but for that by which editors find the schema", () => {
  const root: Node = jsonSchema();
  assert.equal(root.additionalProperties, false);
  assert.equal(root.properties?.["tls"]?.additionalProperties, false);
  assert.deepEqual(root.properties?.["$schema"], { type: "string" });
});
