import assert from "node:assert/strict";
import { huffmanLength } from "../../../../src/rpc/limits/huffman_length.ts";

const bytes = (hex: string) => Uint8Array.from(hex.match(/../g) ?? [], (two) => parseInt(two, 16));

Deno.test("the examples of RFC 7541, appendix C", () => {
  const examples: [string, string][] = [
    ["f1e3c2e5f23a6ba0ab90f4ff", "www.example.com"],
    ["a8eb10649cbf", "no-cache"],
    ["25a849e95ba97d7f", "custom-key"],
    ["25a849e95bb8e8b4bf", "custom-value"],
    ["6402", "302"],
    ["aec3771a4b", "private"],
    ["d07abe941054d444a8200595040b8166e082a62d1bff", "Mon, 21 Oct 2013 20:13:21 GMT"],
  ];
  for (const [hex, text] of examples) assert.equal(huffmanLength(bytes(hex)), text.length, text);
});

Deno.test("wrong padding, the end-of-string code and an unfinished code are malformed", () => {
  for (const hex of ["00", "ff", "ffff", "fffffffc", "ffffffff", "a8eb10649cb0"]) {
    const length = huffmanLength(bytes(hex));
    // 00 is the letter "0" (00000) and three bits of padding that are not ones.
    assert.equal(length, null, hex);
  }
  assert.equal(huffmanLength(new Uint8Array(0)), 0);
});
