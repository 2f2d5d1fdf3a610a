/** The memory of an engine without a pattern, plus some for a small one. */
const EMPTY_ENGINE_BYTES = 3_000_000;
/** Per character of the pattern. */
const BYTES_PER_CHARACTER = 700;
/** Per counted repetition, if the pattern has a class with many ranges (`\w`, `\pL`), and if it has none. */
const BYTES_PER_LARGE_REPETITION = 280_000;
const BYTES_PER_REPETITION = 30_000;

/**
 * Roughly how much memory the regex engine needs for a pattern, in bytes. The estimate errs on the high side. It uses
 * only the pattern's text, which is neither parsed nor checked: length and counted repetitions are what make patterns
 * large. Measured with the Rust crate: `\w{100}z` 29 MB, `\d{1000}` 31 MB, `.{1000}` 34 MB, 30 kB of words 12 MB.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { estimateEngineBytes } from "./pattern_size.ts";
 *
 * assert.ok(estimateEngineBytes("needle") < 4_000_000);
 * assert.ok(estimateEngineBytes("\\w{100}z") > 20_000_000);
 * ```
 */
export function estimateEngineBytes(pattern: string): number {
  const perRepetition = /\\[wWpPDSB]/.test(pattern)
    ? BYTES_PER_LARGE_REPETITION
    : BYTES_PER_REPETITION;
  let repetitions = 0;
  for (const [, least, most] of pattern.matchAll(/\{\s*(\d{1,9})\s*(?:,\s*(\d{0,9}))?/g)) {
    repetitions += Math.max(Number(least), Number(most ?? 0));
  }
  return EMPTY_ENGINE_BYTES + pattern.length * BYTES_PER_CHARACTER + repetitions * perRepetition;
}
