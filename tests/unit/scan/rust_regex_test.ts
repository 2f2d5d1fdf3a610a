import assert from "node:assert/strict";
// @ts-types="../../../src/generated/rregex/rregex.d.ts"
import { initSync, RRegex } from "../../../src/generated/rregex/rregex.js";
import { onEngine, RustRegex } from "../../../src/scan/rust_regex.ts";
import module from "../../../src/scan/rregex_wasm.js";

const PATTERNS = [
  "needle",
  "(?i)k\\w+[^a-f]{2,3}\\b",
  "^(a+)+$|\u65e5\u8a8c",
  "",
  "(?P<name>x)|(y){3,}?|[\u{1f600}-\u{1f64f}]",
  "(?-u:[a-z])\\p{Greek}$",
];
const TEXTS = [
  "",
  "needle",
  "the kelvin \u212aab!",
  "aaaa",
  "\u65e5\u8a8c",
  "yyy \u{1f601}",
  "a\u03c3",
];

Deno.test("the raw functions answer as the package's own classes do", () => {
  initSync({ module });
  for (const pattern of PATTERNS) {
    const regex = new RustRegex(pattern);
    const theirs = new RRegex(pattern);
    assert.deepEqual(regex.syntax(), theirs.syntax(), pattern);
    for (const text of TEXTS) {
      const bytes = new TextEncoder().encode(`<${text}>`);
      assert.equal(
        regex.matches(bytes, 1, bytes.length - 1),
        theirs.isMatch(text),
        `${pattern} ${text}`,
      );
    }
  }
  for (const pattern of ["(a", "*", "\\w{500}{500}", "(?=a)"]) {
    let message = "";
    try {
      new RRegex(pattern);
    } catch (error) {
      message = (error as Error).message;
    }
    assert.notEqual(message, "");
    assert.throws(() => new RustRegex(pattern), { message });
  }
});

Deno.test("many patterns do not fill the memory, for the package gives back none of it", () => {
  const kept = new RustRegex("kept\\w");
  const text = new TextEncoder().encode("a kept1 text");
  let engines = 0;
  onEngine(() => engines++);
  for (let i = 0; i < 200; i++) {
    const regex = new RustRegex(`a\\w+b${i}`);
    assert(!regex.matches(text, 0, text.length));
    assert(kept.matches(text, 0, text.length), "a regex of an engine that was given up is lost");
  }
  assert(engines > 2, `${engines} engines`);
});

Deno.test("an engine that was stopped is replaced", () => {
  let stop = new SharedArrayBuffer(4);
  onEngine((memory) => stop = memory);
  const regex = new RustRegex("a+b");
  const text = new TextEncoder().encode("aaaa");
  assert(!regex.matches(text, 0, 4));
  new Int32Array(stop)[0] = 1;
  assert.throws(() => new RustRegex("(a|b)+c"), WebAssembly.RuntimeError);
  assert(!regex.matches(text, 0, 4));
  new RustRegex("(a|b)+c");
});
