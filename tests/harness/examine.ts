import type { ExaminedText, TextRange } from "../../src/files/examined_text.ts";
import { readFingerprint } from "../../src/files/fingerprint.ts";
import type { ExamineCompressed } from "../../src/files/followed_gzip.ts";
import { readGrowth, unknownText } from "../../src/files/known_text.ts";
import type { ByteSource } from "../../src/scan/byte_source.ts";

/** For tests whose compressed files are small: those are read without being examined. */
export const cannotExamine: ExamineCompressed = ({ path }) =>
  Promise.reject(new Error(`${path} is not small`));

/** The result of examineInflated for a text in memory, computed in the simplest way. */
export function examineText(source: ByteSource, range: TextRange | null): ExaminedText {
  const { size } = source;
  const text = readGrowth(source, unknownText, size)?.text ?? unknownText;
  const bytes = range === null ? null : new Uint8Array(range.to - range.from);
  return {
    size,
    fingerprint: readFingerprint(source),
    text,
    bytes: bytes?.slice(0, source.readAt(range!.from, bytes)) ?? null,
  };
}
