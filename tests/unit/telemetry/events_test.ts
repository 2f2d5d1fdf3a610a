import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { limitNames, silent } from "../../../src/telemetry/events.ts";

Deno.test("every limit has its own name and is described in docs/limits.md", () => {
  assert.equal(new Set(limitNames).size, limitNames.length);
  const page = readFileSync(new URL("../../../docs/limits.md", import.meta.url), "utf8");
  assert.deepEqual(limitNames.filter((name) => !page.includes(name)), []);
});

Deno.test("events without a receiver are accepted", () => {
  assert.equal(silent({ type: "rotation" }), undefined);
});
