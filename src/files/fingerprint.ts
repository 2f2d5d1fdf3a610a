import { createHash } from "node:crypto";
import { compareInstants, type Instant } from "../scan/instant.ts";
import type { ByteSource } from "../scan/time_window.ts";
import { firstTimedLine } from "./line_times.ts";
import { textStart } from "./text_start.ts";

/**
 * Identifies a file of a log by its content: by the beginning of its text, up to the first line with a time. A file
 * only grows at its end, so its fingerprint keeps matching under any name, compressed or not.
 */
export interface Fingerprint {
  /** Where the text begins: after the NULs of a writer that kept its offset across a truncation. */
  readonly start: number;
  /** The first bytes of the text, at most PREFIX_BYTES. */
  readonly prefix: Uint8Array;
  /** The time of the first line that contains one; null if there is none yet, or none within SEARCH_BYTES. */
  readonly time: Instant | null;
  /** Where that line ends, or where the search ended without a result; 0 while the line may still grow. */
  readonly timedTo: number;
  /** Digest of the text up to timedTo if the prefix does not cover it; "" otherwise. */
  readonly digest: string;
}

/** Bytes that are compared directly. */
const PREFIX_BYTES = 512;
/** A text without a time within this length in bytes is identified by these bytes alone. */
const SEARCH_BYTES = 256 * 1024;
/** Most files show their first time within the first of these. */
const READ_BYTES = [1024, 16 * 1024, SEARCH_BYTES];
/** Fewer bytes of a text without times are not enough to identify it. */
const MIN_UNTIMED_BYTES = 32;
const BRACE = 0x7b;

/**
 * The fingerprint of a text.
 *
 * @param text the available bytes of the file from `start` on
 * @param start offset of the first byte of text in its file
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { fingerprintOf } from "./fingerprint.ts";
 *
 * const text = new TextEncoder().encode("2026-11-23T10:00:00Z stdout F hello\n");
 * assert.deepEqual(fingerprintOf(text).time, { seconds: 1795428000, nanos: 0 });
 * ```
 */
export function fingerprintOf(text: Uint8Array, start = 0): Fingerprint {
  const searched = text.subarray(0, SEARCH_BYTES);
  const prefix = searched.slice(0, PREFIX_BYTES);
  const line = firstTimedLine(searched);
  let time: Instant | null = null;
  let length = 0;
  if (line !== null) {
    time = line.time;
    length = line.to;
  }
  // The first line with a time may be longer than the searched text.
  if (length === 0 && searched.length === SEARCH_BYTES) length = SEARCH_BYTES;
  const digest = length > prefix.length
    ? createHash("sha256").update(searched.subarray(0, length)).digest("base64")
    : "";
  return { start, prefix, time, timedTo: length === 0 ? 0 : start + length, digest };
}

/**
 * The fingerprint of a source's current content. Of a compressed source, no more is inflated than necessary. Throws the
 * platform's error if the source cannot be read.
 *
 * @param textBegin where its text begins, if known, as an offset in bytes
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { Buffer } from "node:buffer";
 * import { readFingerprint } from "./fingerprint.ts";
 *
 * const bytes = Buffer.from(
 *   "2024-10-01T05:00:01Z stdout F one\n2024-10-01T05:00:09Z stdout F two\n",
 * );
 * const readAt = (offset: number, into: Uint8Array) => bytes.copy(into, 0, offset);
 * const source = { size: bytes.length, readAt };
 * assert.equal(readFingerprint(source).timedTo, 34);
 * ```
 */
export function readFingerprint(
  source: ByteSource & { readonly knownFingerprint?: () => Fingerprint | null },
  textBegin?: number,
): Fingerprint {
  const known = source.knownFingerprint?.() ?? null;
  if (known !== null) return known;
  const start = textBegin ?? textStart(source);
  for (const length of READ_BYTES) {
    const bytes = new Uint8Array(length);
    const count = source.readAt(start, bytes);
    const found = fingerprintOf(bytes.subarray(0, count), start);
    if (found.timedTo > 0 || count < length) return found;
  }
  throw new Error("Cannot read a fingerprint: the last read did not cover all that is searched");
}

/**
 * Whether two fingerprints belong to the same content, seen at the same moment or at different ones. False if a
 * fingerprint contains too little to tell.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { fingerprintOf, matchesContent } from "./fingerprint.ts";
 *
 * const of = (text: string) => fingerprintOf(new TextEncoder().encode(text));
 * const line = "2024-10-01T05:00:01Z stdout F one\n";
 * assert.ok(matchesContent(of(line), of(line + line)));
 * assert.ok(!matchesContent(of(line), of(line.replace("01Z", "02Z"))));
 * ```
 */
export function matchesContent(a: Fingerprint, b: Fingerprint): boolean {
  if (a.start !== b.start) return false;
  const common = Math.min(a.prefix.length, b.prefix.length);
  if (!equalBytes(a.prefix.subarray(0, common), b.prefix.subarray(0, common))) return false;
  if (a.timedTo > 0 && b.timedTo > 0) {
    return a.timedTo === b.timedTo && a.digest === b.digest;
  }
  if (a.time !== null && b.time !== null) return compareInstants(a.time, b.time) === 0;
  // Equal beginnings of Docker lines prove nothing: their times are at their ends.
  return common >= MIN_UNTIMED_BYTES && a.prefix[0] !== BRACE;
}

/**
 * Whether a file that began like `before` may begin like `now` after it has grown.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { fingerprintOf, isContinuedBy } from "./fingerprint.ts";
 *
 * const of = (text: string) => fingerprintOf(new TextEncoder().encode(text));
 * assert.ok(isContinuedBy(of("2024-10"), of("2024-10-01T05:00:01Z stdout F one\n")));
 * assert.ok(!isContinuedBy(of("2024-11"), of("2024-10-01T05:00:01Z stdout F one\n")));
 * ```
 */
export function isContinuedBy(before: Fingerprint, now: Fingerprint): boolean {
  if (before.prefix.length === 0) return true;
  if (before.start !== now.start || !before.prefix.every((byte, i) => now.prefix[i] === byte)) {
    return false;
  }
  return before.timedTo === 0 || (before.timedTo === now.timedTo && before.digest === now.digest);
}

/**
 * Whether any of the known fingerprints belongs to the same content. Exactly the same few bytes count as the same
 * content.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { fingerprintOf, startsLikeAny } from "./fingerprint.ts";
 *
 * const of = (text: string) => fingerprintOf(new TextEncoder().encode(text));
 * assert.ok(startsLikeAny([of("some"), of("text")], of("text")));
 * assert.ok(!startsLikeAny([of("some"), of("text")], of("more")));
 * ```
 */
export function startsLikeAny(known: Iterable<Fingerprint>, one: Fingerprint): boolean {
  for (const other of known) {
    if (matchesContent(other, one)) return true;
    const isShort = one.time === null && other.time === null && one.prefix.length > 0;
    if (isShort && one.start === other.start && equalBytes(one.prefix, other.prefix)) return true;
  }
  return false;
}

/**
 * Whether both contain the same bytes.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { equalBytes } from "./fingerprint.ts";
 *
 * assert.ok(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2)));
 * assert.ok(!equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1)));
 * ```
 */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
