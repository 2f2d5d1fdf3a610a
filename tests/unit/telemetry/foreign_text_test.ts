import assert from "node:assert/strict";
import { escaped, MAX_FOREIGN_CHARACTERS, shortened } from "../../../src/telemetry/foreign_text.ts";

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

Deno.test("characters that a terminal does not show, or obeys, are escaped; ordinary text is not", () => {
  const hidden =
    "\x1b\x9b\r\u202e\u2066\u200b\u200d\ufeff\u00ad\u2028\u3164\u115f\u034f\ufe0f\u{e0041}\ud800";
  assert.match(escaped(hidden), /^(?:\\u[0-9a-f]{4})+$/);
  const plain = "äöü, 中文, क्ष, 😀, a\u0301";
  assert.equal(escaped(plain), plain);
});
