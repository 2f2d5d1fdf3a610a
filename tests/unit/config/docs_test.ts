import assert from "node:assert/strict";
import { generatedDocs } from "../../../hack/gen_docs.ts";
import { allKeys } from "../../../src/config/check.ts";
import { jsonSchema } from "../../../src/config/json_schema.ts";

const project = new URL("../../../", import.meta.url);

Deno.test("documentation and schemas are up to date with the configuration's schema: deno task gen:docs", () => {
  for (const [path, text] of generatedDocs()) {
    assert.equal(Deno.readTextFileSync(new URL(path, project)), text, `${path} is stale`);
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
