import assert from "node:assert/strict";
import { describe, RawText } from "../../../src/config/value_type.ts";

Deno.test("values in words; secrets and long texts are not repeated", () => {
  const cases: [unknown, string][] = [
    [null, "nothing"],
    [undefined, "nothing"],
    [[], "an empty list"],
    [[1], "a list"],
    [5, "the number 5"],
    [5n, "the number 5"],
    [true, "true"],
    [new Date(0), "a date"],
    [{}, "a section"],
    [new RawText("x", "environment"), 'the text "x"'],
    ["x".repeat(61), `the text "${"x".repeat(60)}…"`],
    ["-----BEGIN PRIVATE KEY-----\nMII", "a text in PEM form"],
    ["eyJhbGciOi", "a text that looks like a token"],
  ];
  for (const [value, words] of cases) assert.equal(describe(value), words);
});
