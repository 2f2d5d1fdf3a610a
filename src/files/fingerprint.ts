import { Buffer } from "node:buffer";
import { createHash } from "node:crypto";
import { CriParser } from "../scan/cri.ts";
import { DockerParser } from "../scan/docker.ts";
import { compareInstants, type Instant } from "../scan/instant.ts";
import type { LineParser } from "../scan/lines.ts";
import { TimeReader } from "../scan/rfc3339.ts";
import type { ByteSource } from "../scan/time_window.ts";

/**
 * Identifies a file of a log by its content: by how its text begins, up to the first line with a time. A file only
 * grows at its end, so its fingerprint keeps matching under any name, compressed or not.
 */
export interface Fingerprint {
  /** Where the text begins: behind the NULs of a writer that kept its offset over a truncation. */
  readonly start: number;
  /** The first bytes of the text, at most PREFIX_BYTES. */
  readonly prefix: Uint8Array;
  /** Of the first line that holds one; null where none is there yet, or none within SEARCH_BYTES. */
  readonly time: Instant | null;
  /** Where that line ends, or the search without a result did; 0 while the line may still grow. */
  readonly timedTo: number;
  /** Of the text up to timedTo where the prefix does not cover it; "" otherwise. */
  readonly digest: string;
}

/** Bytes that are compared as they are. */
const PREFIX_BYTES = 512;
/** A text without a time in so many bytes is identified by these bytes alone. */
const SEARCH_BYTES = 256 * 1024;
/** Most files show their first time within the first of these. */
const READ_BYTES = [1024, 16 * 1024, SEARCH_BYTES];
/** Fewer bytes of a text without times identify nothing. */
const MIN_UNTIMED_BYTES = 32;
const MAX_SEARCHED_NULS = 16 * 1024 * 1024;
const LF = 0x0a;
const BRACE = 0x7b;
const DOCKER_TIME = '"time":"';

const cri = new CriParser();
const docker = new DockerParser();
const timeReader = new TimeReader();

/**
 * The fingerprint of a text.
 *
 * @param text the file's bytes from `start` on, as many as are at hand
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
  } else if (searched.length === SEARCH_BYTES) length = SEARCH_BYTES;
  const digest = length > prefix.length
    ? createHash("sha256").update(searched.subarray(0, length)).digest("base64")
    : "";
  return { start, prefix, time, timedTo: length === 0 ? 0 : start + length, digest };
}

/**
 * The fingerprint of what a source holds now. Of a compressed one no more is inflated than necessary. Throws the
 * platform's error where the source cannot be read.
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
  source: ByteSource & {
    readonly head?: () => Uint8Array;
    readonly knownFingerprint?: () => Fingerprint | null;
  },
): Fingerprint {
  const known = source.knownFingerprint?.() ?? null;
  if (known !== null) return known;
  const head = source.head?.();
  if (head !== undefined && head[0] !== 0) {
    const found = fingerprintOf(head);
    if (found.timedTo > 0) return found;
  }
  const start = textStart(source);
  for (const length of READ_BYTES) {
    const bytes = new Uint8Array(length);
    const count = source.readAt(start, bytes);
    const found = fingerprintOf(bytes.subarray(0, count), start);
    if (found.timedTo > 0 || count < length) return found;
  }
  throw new Error("Cannot read a fingerprint: the last read did not cover all that is searched");
}

/**
 * Do two fingerprints belong to one content, seen at the same moment or at two? Where a fingerprint holds too little to
 * tell, false.
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
  // Equal beginnings of Docker lines tell nothing: their times stand at their ends.
  return common >= MIN_UNTIMED_BYTES && a.prefix[0] !== BRACE;
}

/**
 * May a file that began like `before` begin like `now` after it has grown?
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
 * Does any of the known fingerprints belong to the same content? The very same few bytes count as the same.
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
 * The time of the last line that holds one, of the last 64 KiB before `end`; null where there is none.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { Buffer } from "node:buffer";
 * import { readLastTime } from "./fingerprint.ts";
 *
 * const bytes = Buffer.from(
 *   "2024-10-01T05:00:01Z stdout F one\n2024-10-01T05:00:09Z stdout F two\n",
 * );
 * const readAt = (offset: number, into: Uint8Array) => bytes.copy(into, 0, offset);
 * const source = { size: bytes.length, readAt };
 * assert.deepEqual(readLastTime(source, source.size), { seconds: 1727758809, nanos: 0 });
 * ```
 */
export function readLastTime(source: ByteSource, end: number): Instant | null {
  const from = Math.max(0, end - 64 * 1024);
  const bytes = new Uint8Array(end - from);
  return lastTimeIn(bytes.subarray(0, source.readAt(from, bytes)));
}

/**
 * The time of the last line in the bytes that holds one; they may begin amid a line.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { lastTimeIn } from "./fingerprint.ts";
 *
 * const text = "amid a line\n2024-10-01T05:00:09Z stdout F two\nand no time";
 * const time = lastTimeIn(new TextEncoder().encode(text));
 * assert.deepEqual(time, { seconds: 1727758809, nanos: 0 });
 * ```
 */
export function lastTimeIn(bytes: Uint8Array): Instant | null {
  for (let to = bytes.length; to > 0;) {
    const end = bytes[to - 1] === LF ? to - 1 : to;
    const start = end === 0 ? 0 : bytes.lastIndexOf(LF, end - 1) + 1;
    const time = timeOfLine(bytes, start, end);
    if (time !== null) return time;
    to = start;
  }
  // A Docker line's time stands at its end, so the end of one will do.
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).lastIndexOf(DOCKER_TIME);
  const found = at >= 0 && timeReader.read(bytes, at + DOCKER_TIME.length, bytes.length) >= 0;
  return found ? { seconds: timeReader.seconds, nanos: timeReader.nanos } : null;
}

/**
 * Whether both hold the same bytes.
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

/** `to` is 0 while the line has not ended: it may still grow. */
function firstTimedLine(text: Uint8Array): { time: Instant; to: number } | null {
  for (let from = 0; from < text.length;) {
    const at = text.indexOf(LF, from);
    if (at < 0) return unterminatedLine(text, from);
    const time = timeOfLine(text, from, at);
    if (time !== null) return { time, to: at + 1 };
    from = at + 1;
  }
  return null;
}

function unterminatedLine(text: Uint8Array, from: number): { time: Instant; to: number } | null {
  let at = from;
  while (text[at] === 0) at++;
  // A CRI line's time is whole when the blank behind it is there.
  const end = timeReader.read(text, at, text.length);
  if (end < 0 || end >= text.length) return null;
  return { time: { seconds: timeReader.seconds, nanos: timeReader.nanos }, to: 0 };
}

function timeOfLine(bytes: Uint8Array, from: number, to: number): Instant | null {
  let at = from;
  while (at < to && bytes[at] === 0) at++;
  const parser: LineParser = bytes[at] === BRACE ? docker : cri;
  if (at >= to || !parser.parse(bytes, at, to)) return null;
  return { seconds: parser.seconds, nanos: parser.nanos };
}

/**
 * The offset of the first byte that is not NUL. In NULs of more than MAX_SEARCHED_NULS (a writer that kept a very large
 * offset) it is found by bisection, which takes what follows for one text.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { Buffer } from "node:buffer";
 * import { textStart } from "./fingerprint.ts";
 *
 * const bytes = Buffer.of(0, 0, 0, 65);
 * const readAt = (offset: number, into: Uint8Array) => bytes.copy(into, 0, offset);
 * const source = { size: bytes.length, readAt };
 * assert.equal(textStart(source), 3);
 * ```
 */
export function textStart(source: ByteSource): number {
  const first = new Uint8Array(1);
  if (source.readAt(0, first) === 0 || first[0] !== 0) return 0;
  const block = new Uint8Array(64 * 1024);
  for (let offset = 0;;) {
    const count = source.readAt(offset, block);
    const at = firstNotNul(block.subarray(0, count));
    if (at < count || count < block.length) return offset + at;
    offset += count;
    if (offset % MAX_SEARCHED_NULS === 0) offset = bisectNuls(source, offset, block.length);
  }
}

/** An offset after `low`, at most `step` before the end of the NULs. */
function bisectNuls(source: ByteSource, from: number, step: number): number {
  const byte = new Uint8Array(1);
  let low = from;
  let high = source.size;
  while (high - low > step) {
    const middle = low + Math.floor((high - low) / 2);
    if (source.readAt(middle, byte) === 1 && byte[0] === 0) low = middle;
    else high = middle;
  }
  return low;
}

function firstNotNul(bytes: Uint8Array): number {
  const words = new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2);
  let word = 0;
  while (word < words.length && words[word] === 0) word++;
  let at = word * 4;
  while (at < bytes.length && bytes[at] === 0) at++;
  return at;
}
