import assert from "node:assert/strict";
import { oneLine, safeJson, terminalSafe } from "../../../src/cli/terminal_text.ts";

const attacks: readonly (readonly [name: string, text: string, shown: string])[] = [
  ["clipboard, OSC 52", "\x1b]52;c;cm0gLXJm\x07", "\\x1b]52;c;cm0gLXJm\\x07"],
  ["window title", "\x1b]0;root\x1b\\", "\\x1b]0;root\\x1b\\"],
  ["carriage return", "error\rfine ", "error\\rfine "],
  ["backspace and bell", "a\b\x07", "a\\b\\x07"],
  ["cursor up and erase", "\x1b[1A\x1b[2K", "\\x1b[1A\\x1b[2K"],
  ["C1 CSI", "\u009b31mred", "\\x9b31mred"],
  ["C1 OSC and DCS", "\u009d0;t\u009c\u0090q", "\\x9d0;t\\x9c\\x90q"],
  ["delete and NUL", "\x7f\0", "\\x7f\\x00"],
  ["concealed text", "\x1b[8mhidden\x1b[1;8m", "\\x1b[8mhidden\\x1b[1;8m"],
  ["bidirectional override", "\u202eabc\u2066", "\\u{202e}abc\\u{2066}"],
  ["line separator", "a\u2028b", "a\\u{2028}b"],
  ["tag characters", "a\u{e0041}", "a\\u{e0041}"],
  ["zero-width spaces", "a\u200bb\u2060c\ufeffd", "a\\u{200b}b\\u{2060}c\\u{feff}d"],
  ["isolates and marks", "\u2066a\u200f\u061c", "\\u{2066}a\\u{200f}\\u{61c}"],
  ["invisible letters", "a\u3164\uffa0", "a\\u{3164}\\u{ffa0}"],
  ["query that the terminal answers as typed text", "\x1b[6n\x1b[c", "\\x1b[6n\\x1b[c"],
  ["an escape before an escape", "\x1b\x1b[31m", "\\x1b\x1b[31m"],
];
for (const [name, text, shown] of attacks) {
  Deno.test(`control characters are shown escaped: ${name}`, () => {
    assert.equal(terminalSafe(text), shown);
  });
}

for (
  const text of [
    "plain, tab\t, line\nfeed, äöü, 😀",
    // Joiners of Persian, Hindi and emoji; a sign that encloses the following digits.
    "\u0645\u06cc\u200c\u062e, \u0915\u094d\u200d\u0937, 👩\u200d💻, \u0600\u0661",
    "\x1b[0;1;4;31mred\x1b[0m\x1b[m",
    "\x1b[38;5;8mgrey\x1b[48;2;8;8;8m\x1b[38:2::8:8:8m\x1b[39;49m",
    "\x1b[90;107m",
  ]
) {
  Deno.test(`text and colors stay as they are: ${JSON.stringify(text)}`, () => {
    assert.equal(terminalSafe(text), text);
  });
}

Deno.test("JSON holds no control or bidirectional character, and parses to the same", () => {
  const value = {
    message: "\x1b[31m\u009b\x7f\u202e\u2028\r\n\t\u{e0041} 😀",
    namespace: "\u009d",
  };
  const text = safeJson(value);
  assert.ok(!/\p{Cc}|\p{Bidi_Control}|\p{Zl}|[\u{e0000}-\u{e007f}]/u.test(text), text);
  assert.deepEqual(JSON.parse(text), value);
});

Deno.test("a message cannot pretend to be several lines", () => {
  assert.equal(oneLine("a\nb"), "a\\nb");
});
