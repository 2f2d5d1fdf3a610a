import assert from "node:assert/strict";
import { leftOut, leftOutOfServers, substitute } from "../../../hack/bundle/left_out.ts";

for (const { module } of [...leftOut, ...leftOutOfServers]) {
  Deno.test(`left out: ${module} throws, naming itself, when anything is taken from it`, () => {
    const made: { exports: Record<string, unknown> } = { exports: {} };
    new Function("module", substitute(module))(made);
    const why = new RegExp(`${module.replaceAll(".", "\\.")} is not part of this bundle`);
    assert.throws(() => made.exports["load"], why);
  });
}
