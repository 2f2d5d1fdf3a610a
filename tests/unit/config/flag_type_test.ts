import assert from "node:assert/strict";
import { flag } from "../../../src/config/flag_type.ts";
import { RawText } from "../../../src/config/value_type.ts";

Deno.test("a flag is a boolean, or the text of one where only texts can be written", () => {
  assert.equal(flag.read(false), false);
  assert.equal(flag.read(new RawText("true", "environment")), true);
  assert.equal(flag.read(new RawText("false", "option")), false);
  for (const value of ["true", new RawText("yes", "option"), new RawText("", "option"), 1, null]) {
    assert.throws(() => flag.read(value), { name: "TypeMismatch" });
  }
});
