import assert from "node:assert/strict";
import { deriveProof } from "../../../src/scan/match_proof.ts";
import { RustRegex } from "../../../src/scan/rust_regex.ts";
import { Random, runSeed } from "../../harness/random.ts";
import { randomPattern } from "./random_pattern.ts";

const encoder = new TextEncoder();

function holds(pattern: string, text: string, hint = -1): boolean {
  const bytes = encoder.encode(text);
  return deriveProof(new RustRegex(pattern).syntax()!)!.holds(bytes, 0, bytes.length, hint);
}

for (
  const { pattern, proven, open } of [
    {
      pattern: "(error|timeout) .*reset",
      proven: ["error reset", "a timeout by reset"],
      open: ["reset error "],
    },
    { pattern: "a.*b.*c", proven: ["abc", "xaybzc"], open: ["acb", "ab"] },
    { pattern: "x+y", proven: ["xy"], open: ["xxxz"] },
    { pattern: "ab?c", proven: ["ac"], open: ["abc"] },
    { pattern: "[0-9]{2}ms", proven: ["12ms"], open: ["1ms"] },
    { pattern: "(a|b.c)d", proven: ["ad", "bxcd"], open: ["cd"] },
    { pattern: "é.*ü", proven: ["é und ü"], open: ["ü und é"] },
  ]
) {
  Deno.test(`${pattern} is proven by strings in their order, and by nothing else`, () => {
    for (const text of proven) assert.equal(holds(pattern, text), true, text);
    for (const text of open) assert.equal(holds(pattern, text), false, text);
  });
}

Deno.test("patterns that assert a position, or are unknown, have no proof", () => {
  for (const pattern of [String.raw`\bword`, "^a", "a$", String.raw`\pL`.replace("L", "{Greek}")]) {
    assert.equal(deriveProof(new RustRegex(pattern).syntax()!), null, pattern);
  }
});

Deno.test("a line feed in a text is nothing that may stand between two strings", () => {
  assert.equal(holds("error.*reset", "error\nreset"), false);
  assert.equal(holds("error.*reset", "other\nerror reset"), true);
});

Deno.test("a hint may be anywhere: what it leads to must be there", () => {
  for (let hint = -1; hint < 30; hint++) {
    assert.equal(holds("(error|timeout) .*reset", "an error was followed by a reset", hint), true);
    assert.equal(holds("(error|timeout) .*reset", "a reset, then an error in text", hint), false);
  }
});

Deno.test("a proof that hardly ever holds is not tried for long", () => {
  const proof = deriveProof(new RustRegex("a.*b").syntax()!)!;
  const text = encoder.encode("aaaa");
  for (let i = 0; i < 300; i++) proof.holds(text, 0, text.length, -1);
  assert.equal(proof.isUseful(text.length), false);
});

Deno.test("a long text is the regex engine's, however often the proof holds", () => {
  const proof = deriveProof(new RustRegex("a.*b").syntax()!)!;
  assert.equal(proof.isUseful(100), true);
  assert.equal(proof.isUseful(1024 * 1024), false);
});

Deno.test("whatever a proof holds for, the regex engine finds", () => {
  const seed = runSeed();
  let proven = 0;
  for (let round = 0; round < 1000; round++) {
    const random = new Random(seed + round);
    const pattern = randomPattern(random).meaning;
    let regex: RustRegex;
    try {
      regex = new RustRegex(pattern);
    } catch {
      continue;
    }
    const proof = deriveProof(regex.syntax()!);
    if (proof === null) continue;
    for (let i = 0; i < 10; i++) {
      const pieces = Array.from(
        { length: random.below(12) },
        () =>
          random.pick([
            "a",
            "b",
            "ab",
            "x",
            "é",
            " ",
            "\n",
            "1",
            "error ",
            "reset",
            "k",
            "K",
            "\x1b[1m",
            "z",
          ]),
      );
      const text = encoder.encode(pieces.join(""));
      const hint = text.includes(10) ? -1 : random.below(text.length + 2) - 1;
      if (!proof.holds(text, 0, text.length, hint)) continue;
      proven++;
      const label = `SEED=${seed + round} ${pattern} in ${JSON.stringify(pieces.join(""))}`;
      assert.ok(regex.matches(text, 0, text.length), label);
    }
  }
  assert.ok(proven > 20, `${proven} matches were proven`);
});
