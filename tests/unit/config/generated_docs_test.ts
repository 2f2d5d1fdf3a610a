import assert from "node:assert/strict";
import { generatedDocs } from "../../../hack/gen_docs.ts";

const project = new URL("../../../", import.meta.url);

Deno.test("documentation and schemas are up to date with the configuration's schema: deno task gen:docs", () => {
  for (const [path, text] of generatedDocs()) {
    assert.equal(Deno.readTextFileSync(new URL(path, project)), text, `${path} is stale`);
  }
});
