import assert from "node:assert/strict";
import { estimateEngineBytes } from "../../../src/scan/pattern_size.ts";
import { RegexEngine } from "../../../src/scan/regex_engine.ts";

const words = Array.from({ length: 3000 }, (_, i) => `word${i * 7919}`).join("|");

for (
  const { kind, patterns } of [
    {
      kind: "small",
      patterns: [
        "needle",
        "(?i)needle",
        "(error|timeout) .*reset",
        String.raw`\w+@\w+\.com`,
        "[0-9a-f]{64}",
      ],
    },
    {
      kind: "large",
      patterns: [
        String.raw`\w{200}z`,
        String.raw`\pL{90,100}`,
        String.raw`\d{1000}`,
        ".{1000}",
        "(.*a){3000}",
        words,
        "a{100000}",
      ],
    },
  ]
) {
  for (const pattern of patterns) {
    Deno.test(`${pattern.slice(0, 24)} is guessed to be ${kind}, and is not larger than guessed by half`, () => {
      const engine = new RegexEngine();
      engine.matches(engine.compile(pattern), new Uint8Array(1000).fill(0x78), 0, 1000);
      const guess = estimateEngineBytes(pattern);
      assert.equal(guess > 16 * 2 ** 20, kind === "large", `${guess} bytes`);
      assert.ok(engine.bytes < guess * 1.5 + 2 ** 20, `${engine.bytes} of ${guess} bytes`);
    });
  }
}
