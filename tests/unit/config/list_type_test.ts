import assert from "node:assert/strict";
import { list } from "../../../src/config/list_type.ts";
import { count } from "../../../src/config/number_types.ts";
import { RawText } from "../../../src/config/value_type.ts";

const numbers = list(count({ min: 1, max: 9 }), { min: 1 });

Deno.test("a list is read from text, with and without brackets and quotes", () => {
  for (const text of ["1,2", " [1, 2] ", `["1", '2']`]) {
    assert.deepEqual(numbers.read(new RawText(text, "option")), [1, 2], text);
  }
  assert.deepEqual(list(count({ min: 1, max: 9 })).read(new RawText("[]", "option")), []);
});

Deno.test("the error of a wrong item names its place", () => {
  assert.throws(() => numbers.read([1, 10]), { name: "TypeMismatch", at: "[1]", value: 10 });
  assert.throws(() => list(numbers).read([[1], [2, 0]]), { at: "[1][1]" });
});

Deno.test("too few items, and values other than lists, are refused", () => {
  for (const value of [[], new RawText("", "option"), "1,2", null, 1]) {
    assert.throws(() => numbers.read(value), { name: "TypeMismatch", at: "" });
  }
});
