import assert from "node:assert/strict";
import { setImmediate } from "node:timers";
// @ts-types="../../../src/generated/rregex/rregex.d.ts"
import { initSync, RRegex } from "../../../src/generated/rregex/rregex.js";
import { Failure } from "../../../src/failure/failure.ts";
import { EngineFull, limitEngines, onEngine, RustRegex } from "../../../src/scan/rust_regex.ts";
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

Deno.test("many patterns do not fill the memory: engines are replaced, since the package frees none of it", () => {
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

for (
  const { cause, pattern } of [
    {
      cause: "V8 did not know how large they are",
      pattern: (i: number) => `a{99999}{${99_990 + i}}`,
    },
    {
      cause: "regexes that are kept held them",
      pattern: (i: number) => `\\w{200}${i}`,
    },
  ]
) {
  Deno.test(`engines given up filled the memory, for ${cause}: only the last one lives`, async () => {
    assert("gc" in globalThis, "run with the V8 flags of `deno task test`");
    const engines: WeakRef<SharedArrayBuffer>[] = [];
    onEngine((stop) => engines.push(new WeakRef(stop)));
    const kept: RustRegex[] = [];
    for (let i = 0; i < 8; i++) {
      try {
        kept.push(new RustRegex(pattern(i)));
      } catch (error) {
        assert.match((error as Error).message, /exceeds size limit/);
      }
      await turnOfEventLoop(); // A WeakRef keeps its target until then.
    }
    assert(engines.length >= 8, `${engines.length} engines`);
    const living = engines.filter((engine) => engine.deref() !== undefined).length;
    assert(living <= 1, `${living} of ${engines.length} engines live`);
    const text = new TextEncoder().encode("a".repeat(200) + "0");
    kept.forEach((regex, i) => assert.equal(regex.matches(text, 0, text.length), i === 0));
  });
}

Deno.test("the engine of a refused pattern filled the memory until the next one came: it is given back at once", async () => {
  let engine: WeakRef<SharedArrayBuffer> | undefined;
  await turnOfEventLoop();
  const refused = () => new RustRegex("a{99999}{99999}");
  assert.throws(refused); // Discards the engine that was in use.
  onEngine((stop) => engine = new WeakRef(stop));
  new RustRegex("a+b");
  await turnOfEventLoop();
  assert(engine?.deref() !== undefined);
  await turnOfEventLoop();
  assert.throws(refused, /exceeds size limit/);
  assert.equal(engine.deref(), undefined);
});

Deno.test("a pattern whose way to the size limit took 4 GiB is refused, for memory has a maximum", () => {
  const error = new Failure(
    "invalid-argument",
    "Invalid grep pattern: too big for the regex engine's memory",
  );
  assert.throws(() => new RustRegex(`(?i)${"\\pL".repeat(100_000)}`), error);
  new RustRegex("a+b");
});

Deno.test("an engine with a limit of its own refuses what needs more, and does what needs less", () => {
  limitEngines(8 * 2 ** 20);
  try {
    assert.throws(() => new RustRegex(String.raw`\w{100}`), EngineFull);
    const regex = new RustRegex("a+b");
    assert(regex.matches(new TextEncoder().encode("aab"), 0, 3));
  } finally {
    limitEngines(0);
  }
  new RustRegex(String.raw`\w{100}`);
});

Deno.test("patterns just below the size limit of the crate do with that memory", () => {
  const words = Array.from({ length: 10_000 }, (_, i) => `word${i * 7919}`).join("|");
  const large = [".{20000}", "\\w{380}z", "\\pL{450}", "\\d{3800}", "(.*a){18000}", words];
  for (const pattern of large) {
    const regex = new RustRegex(pattern);
    const text = new TextEncoder().encode("no");
    assert(!regex.matches(text, 0, text.length), pattern.slice(0, 20));
  }
});

Deno.test("two large regexes that one engine's memory does not hold replace each other", () => {
  const first = new RustRegex("one|.{20000}");
  const second = new RustRegex("two|\\w{380}");
  const [one, two] = ["one", "two"].map((text) => new TextEncoder().encode(text)) as [
    Uint8Array,
    Uint8Array,
  ];
  for (let i = 0; i < 2; i++) {
    assert(first.matches(one, 0, 3) && !first.matches(two, 0, 3));
    assert(second.matches(two, 0, 3) && !second.matches(one, 0, 3));
    assert.equal(first.syntax()?.kind["@variant"], "Alternation");
  }
});

function turnOfEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

Deno.test("a pattern of 10 KB took 200 MB of JavaScript objects: a large syntax tree is not made, and the regex matches all the same", () => {
  const spaces = new RustRegex(String.raw`(?:(?:\x1B\[[0-9;]*[mK])?)*\s`.repeat(3000));
  const other = new RustRegex("needle");
  const begun = Deno.memoryUsage().heapUsed;
  assert.equal(spaces.syntax(), null);
  assert.ok(Deno.memoryUsage().heapUsed - begun < 60_000_000);
  assert.ok(spaces.matches(new TextEncoder().encode(" ".repeat(3000)), 0, 3000));
  assert.ok(other.matches(new TextEncoder().encode("a needle"), 0, 8));
  assert.equal(other.syntax()?.kind["@variant"], "Literal");
});
