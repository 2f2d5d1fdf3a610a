import { type Fingerprint, readFingerprint } from "./fingerprint.ts";
import type { InflatedBytes } from "./inflated_bytes.ts";
import { type KnownText, readGrowth, unknownText } from "./known_text.ts";

/** Bytes [from, to) of an inflated text. */
export interface TextRange {
  readonly from: number;
  readonly to: number;
}

/** What is examined: a whole text, plus the bytes of a range if one is given, or only its beginning. */
export type ExaminedPart = TextRange | "beginning" | null;

/** The beginning of a text. */
export interface ExaminedBeginning {
  readonly fingerprint: Fingerprint;
}

/** Everything that following needs of a compressed file except its lines. */
export interface ExaminedText extends ExaminedBeginning {
  /** Bytes when inflated. */
  readonly size: number;
  readonly text: KnownText;
  /** The bytes of the requested range that exist; null: none was requested. */
  readonly bytes: Uint8Array | null;
}

/**
 * Examines a compressed text, and inflates no more of it than necessary. Null: paused; the next call continues.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { gzipSync } from "node:zlib";
 * import { inMemory } from "../scan/byte_source.ts";
 * import { examineInflated } from "./examined_text.ts";
 * import { InflatedBytes } from "./inflated_bytes.ts";
 *
 * using bytes = new InflatedBytes(inMemory(gzipSync("2026-11-23T10:00:00Z stdout F hello\n")));
 * const examined = examineInflated(bytes, "beginning", () => false);
 * assert.equal(examined?.fingerprint.time?.seconds, 1795428000);
 * ```
 */
export function examineInflated(
  bytes: InflatedBytes,
  part: ExaminedPart,
  isPaused: () => boolean,
): ExaminedText | ExaminedBeginning | null {
  if (part !== "beginning" && !bytes.prepare(Infinity, isPaused)) return null;
  const start = bytes.prepareText(isPaused);
  if (start === null) return null;
  const fingerprint = readFingerprint(bytes, start);
  if (part === "beginning") return { fingerprint };
  // Where its lines begin and end was recorded while it was inflated: searching backward would inflate it again.
  const { size, lastLineEnd } = bytes;
  const begun = { ...unknownText, start, committed: start, seen: start };
  const lines = lastLineEnd > start ? readGrowth(bytes, begun, lastLineEnd)?.text : begun;
  return {
    size,
    fingerprint,
    text: { ...lines ?? begun, seen: size },
    bytes: bytesOf(bytes, part),
  };
}

/** The bytes of the range that exist; null if no range is given. */
function bytesOf(source: InflatedBytes, range: TextRange | null): Uint8Array | null {
  if (range === null) return null;
  const bytes = new Uint8Array(range.to - range.from);
  return bytes.slice(0, source.readAt(range.from, bytes));
}
