import assert from "node:assert/strict";
import {
  afterBlanks,
  afterString,
  ESCAPED,
  hexUnit,
  PLAIN,
  writeUtf8,
} from "../../../src/scan/json_bytes.ts";

const bytesOf = (text: string) => new TextEncoder().encode(text);

Deno.test("plain bytes are those that JSON takes unescaped", () => {
  for (let byte = 0; byte < 0x80; byte++) {
    let isPlain = true;
    try {
      JSON.parse(`"${String.fromCharCode(byte)}"`);
    } catch {
      isPlain = false;
    }
    assert.equal(PLAIN[byte] === 1, isPlain, `${byte}`);
  }
});

Deno.test("escapes of one letter mean what JSON.parse makes of them", () => {
  for (let byte = 0x20; byte < 0x7f; byte++) {
    if (byte === 0x75) continue; // A code unit follows.
    let meant = 0;
    try {
      meant = (JSON.parse(`"\\${String.fromCharCode(byte)}"`) as string).charCodeAt(0);
    } catch {
      // None.
    }
    assert.equal(ESCAPED[byte], meant, String.fromCharCode(byte));
  }
});

Deno.test("whitespace and strings are skipped, or are none", () => {
  assert.equal(afterBlanks(bytesOf(" \t\r\n x"), 0, 6), 3, "no line holds a line feed");
  assert.equal(afterString(bytesOf('ab"c'), 0, 4), 3);
  assert.equal(afterString(bytesOf("ab"), 0, 2), -1);
});

Deno.test("code units and UTF-8", () => {
  assert.equal(hexUnit(bytesOf("20aC"), 0, 4), 0x20ac);
  assert.equal(hexUnit(bytesOf("20a"), 0, 3), -1);
  assert.equal(hexUnit(bytesOf("20g0"), 0, 4), -1);
  for (const point of [0, 0x7f, 0x80, 0x7ff, 0x800, 0xffff, 0x10000, 0x10ffff]) {
    const out = new Uint8Array(8);
    const end = writeUtf8(out, 1, point);
    assert.deepEqual(out.slice(1, end), bytesOf(String.fromCodePoint(point)));
  }
});
