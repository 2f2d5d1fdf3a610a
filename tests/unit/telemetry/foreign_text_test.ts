import assert from "node:assert/strict";
import { MAX_FOREIGN_CHARACTERS, shortened } from "../../../src/telemetry/foreign_text.ts";

Deno.test("a long text keeps its beginning and its end, and says how much is missing", () => {
  const text = `begin ${"x".repeat(1000)} end`;
  const cut = shortened(text);
  assert.match(cut, /^begin x+ … \(\d+ more characters\) … x+ end$/);
  const missing = Number(/\((\d+)/.exec(cut)?.[1]);
  const shown = cut.replace(/ … .* … /, "").length;
  assert.equal(shown + missing, text.length);
});

Deno.test("a text of the greatest length stays as it is", () => {
  const text = "x".repeat(MAX_FOREIGN_CHARACTERS);
  assert.equal(shortened(text), text);
  assert.notEqual(shortened(`${text}x`), `${text}x`);
});
