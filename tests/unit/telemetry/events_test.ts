import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { limitNames, silent } from "../../../src/telemetry/events.ts";

Deno.test("every limit has a name of its own, and stands in docs/limits.md", () => {
  assert.equal(new Set(limitNames).size, limitNames.length);
  const page = readFileSync(new URL("../../../docs/limits.md", import.meta.url), "utf8");
  assert.deepEqual(limitNames.filter((name) => !page.includes(name)), []);
});

Deno.test("what is reported nowhere is taken", () => {
  assert.equal(silent({ type: "rotation" }), undefined);
});
