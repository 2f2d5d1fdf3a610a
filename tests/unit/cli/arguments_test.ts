import assert from "node:assert/strict";
import { readCount, readWord } from "../../../src/cli/arguments.ts";
import { UsageError } from "../../../src/cli/terminal.ts";

Deno.test("a count is a whole number above zero, or is not given", () => {
  assert.equal(readCount("-n", undefined), null);
  assert.deepEqual(["1", "42", "999999999999999"].map((text) => readCount("-n", text)), [
    1,
    42,
    999_999_999_999_999,
  ]);
  for (const text of ["", "0", "-1", "1.5", "1e3", " 1", "01", "9999999999999999", "x"]) {
    assert.throws(() => readCount("-n", text), UsageError, text);
  }
});

Deno.test("a word is one of those, the first where none is given", () => {
  const words = ["text", "json"] as const;
  assert.equal(readWord("--output", undefined, words), "text");
  assert.equal(readWord("--output", "json", words), "json");
  for (const text of ["", "JSON", "yaml", "toString"]) {
    assert.throws(
      () => readWord("--output", text, words),
      (error) =>
        error instanceof UsageError && /--output.*expected text or json/.test(error.message),
    );
  }
});
