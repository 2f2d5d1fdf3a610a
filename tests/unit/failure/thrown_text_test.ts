import assert from "node:assert/strict";
import { thrownText } from "../../../src/failure/thrown_text.ts";

const HIDDEN = "something that cannot be shown as text";
const unwilling = {
  toString() {
    throw new Error("no");
  },
};
const cases: readonly [name: string, thrown: unknown, text: string][] = [
  ["an error", new RangeError("too far"), "RangeError: too far"],
  ["a text", "text", "text"],
  ["nothing", undefined, "undefined"],
  ["null", null, "null"],
  ["a symbol", Symbol("s"), "Symbol(s)"],
  ["an object without a prototype", Object.create(null), HIDDEN],
  ["an object that cannot be shown", unwilling, HIDDEN],
  [
    "an error whose message cannot be had",
    Object.defineProperty(new Error(), "message", { get: unwilling.toString }),
    HIDDEN,
  ],
];
for (const [name, thrown, text] of cases) {
  Deno.test(`thrown text: ${name}`, () => assert.equal(thrownText(thrown), text));
}
