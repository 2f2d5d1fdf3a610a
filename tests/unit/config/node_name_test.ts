import assert from "node:assert/strict";
import { nodeName } from "../../../src/config/node_name.ts";

Deno.test("the node's name is NODE_NAME, and the host's where that is not set or empty", () => {
  const before = Deno.env.get("NODE_NAME");
  try {
    Deno.env.set("NODE_NAME", "node-1");
    assert.equal(nodeName(), "node-1");
    Deno.env.set("NODE_NAME", "");
    assert.equal(nodeName(), Deno.hostname());
    Deno.env.delete("NODE_NAME");
    assert.equal(nodeName(), Deno.hostname());
  } finally {
    if (before !== undefined) Deno.env.set("NODE_NAME", before);
  }
});
