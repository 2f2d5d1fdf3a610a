import assert from "node:assert/strict";
import { ConfigError, configError } from "../../../src/config/config_error.ts";

Deno.test("a configuration's error names the place, what was found and what was expected", () => {
  const place = {
    source: "-p",
    key: "limits.streams",
    found: '"many"',
    expected: "a whole number",
  };
  const error = configError(place);
  assert.ok(error instanceof ConfigError);
  assert.equal(error.message, '-p: limits.streams: found "many", expected a whole number');
});

Deno.test("an error of the whole file names no key, and keeps its cause", () => {
  const cause = new SyntaxError("unexpected end");
  const place = { source: "a.yaml", key: "", found: "a list", expected: "an object" };
  const error = configError(place, { cause });
  assert.equal(error.message, "a.yaml: found a list, expected an object");
  assert.equal(error.cause, cause);
});
