import assert from "node:assert/strict";
import { generatedDocs } from "../../../hack/gen_docs.ts";
import { allKeys } from "../../../src/config/check.ts";
import { jsonSchema } from "../../../src/config/json_schema.ts";

const docs = new URL("../../../docs/", import.meta.url);

Deno.test("docs/configuration.md and docs/config.schema.json are those of the schema: deno task gen:docs", () => {
  for (const [name, text] of generatedDocs()) {
    assert.equal(Deno.readTextFileSync(new URL(name, docs)), text, `docs/${name} is stale`);
  }
});

Deno.test("the JSON Schema has every key, with its description and default", () => {
  type Node = { properties?: Record<string, Node>; description?: string; default?: unknown };
  for (const key of allKeys()) {
    let node: Node = jsonSchema();
    for (const part of key.split(".")) node = node.properties?.[part] ?? assert.fail(key);
    assert.ok((node.description ?? "").length > 10, key);
    assert.ok("default" in node, key);
  }
});
