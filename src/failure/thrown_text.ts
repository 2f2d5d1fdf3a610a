/**
 * The text of a thrown value: "NAME: MESSAGE" of an error, otherwise the value as text. Never throws, although any
 * value can be thrown: an object without a prototype cannot be converted to text, and a getter of an error may fail.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { thrownText } from "./thrown_text.ts";
 *
 * assert.equal(thrownText(new TypeError("no such thing")), "TypeError: no such thing");
 * assert.equal(thrownText(Object.create(null)), "something that cannot be shown as text");
 * ```
 */
export function thrownText(thrown: unknown): string {
  try {
    return thrown instanceof Error ? `${thrown.name}: ${thrown.message}` : String(thrown);
  } catch {
    return "something that cannot be shown as text";
  }
}
