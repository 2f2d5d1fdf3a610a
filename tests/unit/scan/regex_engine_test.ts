import assert from "node:assert/strict";
import { RegexEngine } from "../../../src/scan/regex_engine.ts";
import { Random, runSeed } from "../../harness/random.ts";

const encoder = new TextEncoder();
const MIB = 2 ** 20;
/** Patterns with the same meaning in JavaScript. */
const PATTERNS = ["ab+c", "^[a-c]*$", "a|bc|c?b", "(ab){2}", "b.b", "[^a]c", "\\bab\\b"];

Deno.test("matches and their places are those that JavaScript's RegExp finds", () => {
  const seed = runSeed();
  console.log(`SEED=${seed}`);
  const random = new Random(seed);
  const engine = new RegexEngine();
  for (const pattern of PATTERNS) {
    const handle = engine.compile(pattern);
    for (let round = 0; round < 100; round++) {
      const text = Array.from({ length: random.below(20) }, () => random.pick([..."abc "])).join(
        "",
      );
      const label = `SEED=${seed} ${pattern} in ${JSON.stringify(text)}`;
      const bytes = encoder.encode(`<${text}>`);
      const end = bytes.length - 1;
      assert.equal(engine.matches(handle, bytes, 1, end), new RegExp(pattern).test(text), label);
      const theirs = [...text.matchAll(new RegExp(pattern, "g"))].map(({ 0: match, index }) => ({
        start: index,
        end: index + match.length,
      }));
      // The two count empty matches differently, but not others.
      const full = ({ start, end }: { start: number; end: number }) => end > start;
      const ours = engine.findAll(handle, encoder.encode(text)).map(({ start, end }) => ({
        start,
        end,
      }));
      assert.deepEqual(ours.filter(full), theirs.filter(full), label);
    }
  }
});

Deno.test("an invalid pattern is refused with the parser's message, and the engine continues", () => {
  const engine = new RegexEngine();
  assert.throws(() => engine.compile("a("), /unclosed group/);
  assert.throws(() => engine.compile("[z-a]"), /invalid character class range/);
  const handle = engine.compile("x");
  assert.ok(engine.matches(handle, encoder.encode("x"), 0, 1));
});

Deno.test("offsets are bytes, and a text may be of any characters", () => {
  const engine = new RegexEngine();
  const handle = engine.compile("\u65e5|\u{1f600}");
  const found = engine.findAll(handle, encoder.encode("a\u65e5\u{1f600}")).map((
    { start, end },
  ) => [start, end]);
  assert.deepEqual(found, [[1, 4], [4, 8]]);
});

Deno.test("the syntax tree is the pattern's, with case folding resolved", () => {
  const engine = new RegexEngine();
  const { kind } = engine.syntax(engine.compile("(?i)k"), 1000);
  assert.ok(kind["@variant"] === "Class");
  assert.ok(JSON.stringify(kind).includes("\u212a"), "the Kelvin sign");
});

Deno.test("each engine has its own memory; one beyond its limit traps, and the others continue", () => {
  const [limited, other] = [new RegexEngine(), new RegexEngine()];
  limited.limit(limited.bytes + MIB);
  assert.throws(() => limited.compile("\\w{200}"), WebAssembly.RuntimeError);
  const before = other.bytes;
  other.compile("\\w{200}");
  assert.ok(other.bytes > before + MIB);
});

Deno.test("an engine that is told to stop traps at its next work", () => {
  const engine = new RegexEngine();
  const handle = engine.compile("a");
  assert.equal(engine.isStopped, false);
  Atomics.store(new Int32Array(engine.stop), 0, 1);
  assert.equal(engine.isStopped, true);
  assert.throws(
    () => engine.matches(handle, encoder.encode("x".repeat(100_000)), 0, 100_000),
    WebAssembly.RuntimeError,
  );
});
