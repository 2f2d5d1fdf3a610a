import assert from "node:assert/strict";
import { plainText } from "../../../src/scan/encoding.ts";
import { derivePrefilter } from "../../../src/scan/literal_prefilter.ts";
import { type Needle } from "../../../src/scan/needles.ts";
import { RustRegex } from "../../../src/scan/rust_regex.ts";
import { Random, runSeed } from "../../harness/random.ts";
import { randomPattern } from "./random_pattern.ts";

const encoder = new TextEncoder();

function prefilterOf(pattern: string) {
  return derivePrefilter(new RustRegex(pattern).syntax()!, plainText);
}

/** The needles as text, with sets of several bytes in brackets. */
function shown(pattern: string): string | string[] {
  const prefilter = prefilterOf(pattern);
  if (typeof prefilter === "string") return prefilter;
  const needles = prefilter.needles.map((needle) =>
    needle.map((set) => {
      const text = String.fromCharCode(...set.bytes());
      return text.length === 1 ? text : `[${text}]`;
    }).join("")
  );
  return [...needles, prefilter.exact];
}

function isFound(needles: readonly Needle[], bytes: Uint8Array): boolean {
  return needles.some((needle) =>
    bytes.some((_, at) =>
      at + needle.length <= bytes.length && needle.every((set, i) => set.has(bytes[at + i]!))
    )
  );
}

for (
  const [pattern, expected] of [
    ["needle", ["needle", "always"]],
    ["(?i)err", ["[Ee][Rr][Rr]", "always"]],
    ["err(or|no)", ["error", "errno", "always"]],
    ["xa+y*", ["xa", "always"]],
    ["w*xyz?", ["xy", "always"]],
    ["^needle$", ["needle", "never"]],
    ["(error|timeout) .*reset", ["timeout ", "error ", "never"]],
    ["", "anything"],
    ["x*", "anything"],
    [".", "unknown"],
    ["[a-z]", "unknown"],
  ] as const
) {
  Deno.test(`what each match of ${JSON.stringify(pattern)} must hold`, () => {
    const found = shown(pattern);
    assert.deepEqual(
      Array.isArray(found) ? [...found].sort() : found,
      Array.isArray(expected) ? [...expected].sort() : expected,
    );
  });
}

Deno.test("every match of the regex crate holds a needle; with exact needles, a needle is a match", () => {
  const seed = runSeed();
  console.log(`SEED=${seed}`);
  const random = new Random(seed);
  const parts = [
    "error",
    "needle",
    "timeout",
    "reset",
    " ",
    "a",
    "B",
    "42",
    "\u00e9",
    "\u65e5\u8a8c",
    "_",
    "-",
    "\t",
    "x",
  ];
  let matched = 0;
  for (let round = 0; round < 300; round++) {
    const { meaning } = randomPattern(random);
    let regex: RustRegex;
    try {
      regex = new RustRegex(meaning);
    } catch {
      continue; // Not every random pattern is valid.
    }
    const prefilter = derivePrefilter(regex.syntax()!, plainText);
    for (let i = 0; i < 30; i++) {
      const text = Array.from({ length: random.below(12) }, () => random.pick(parts)).join("");
      const bytes = encoder.encode(text);
      const isMatch = regex.matches(bytes, 0, bytes.length);
      const label = `SEED=${seed} ${meaning} in ${JSON.stringify(text)}`;
      if (isMatch) matched++;
      if (prefilter === "anything") assert.ok(isMatch, label);
      if (typeof prefilter === "string") continue;
      const isCandidate = isFound(prefilter.needles, bytes);
      if (isMatch) assert.ok(isCandidate, label);
      const isExact = prefilter.exact === "always" ||
        prefilter.exact === "ascii" && bytes.every((byte) => byte < 0x80);
      if (isExact && isCandidate) assert.ok(isMatch, label);
    }
  }
  assert.ok(matched > 200, `only ${matched} matches`);
});
