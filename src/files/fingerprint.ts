import { createHash } from "node:crypto";
import { CriParser } from "../scan/cri.ts";
import { DockerParser } from "../scan/docker.ts";
import { compareInstants, type Instant } from "../scan/instant.ts";
import type { LineParser } from "../scan/lines.ts";
import { TimeReader } from "../scan/rfc3339.ts";
import type { ByteSource } from "../scan/time_window.ts";

/**
 * What tells the files of one log apart: how a file's text begins, through the first line that holds a time. A file only
 * grows at its end, so its fingerprint keeps matching, under whatever name and compressed or not.
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
/** A text that holds no time in so many bytes is told apart by these bytes alone. */
const SEARCH_BYTES = 256 * 1024;
/** Most files show their first time within the first of these. */
const READ_BYTES = [1024, 16 * 1024, SEARCH_BYTES];
/** Fewer bytes of a text without times tell nothing. */
const MIN_UNTIMED_BYTES = 32;
const LF = 0x0a;
const BRACE = 0x7b;

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

/** The fingerprint of what a source holds now. */
export function readFingerprint(source: ByteSource): Fingerprint {
  const start = textStart(source);
  for (const length of READ_BYTES) {
    const bytes = new Uint8Array(length);
    const count = source.readAt(start, bytes);
    const found = fingerprintOf(bytes.subarray(0, count), start);
    if (found.timedTo > 0 || count < length) return found;
  }
  throw new Error("unreachable: the last read covers all that is searched");
}

/**
 * Do two fingerprints belong to one content, seen at the same moment or at two? Where a fingerprint holds too little to
 * tell, false.
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

/** Does any of the known fingerprints belong to the same content? */
export function startsLikeAny(known: Iterable<Fingerprint>, one: Fingerprint): boolean {
  for (const other of known) if (matchesContent(other, one)) return true;
  return false;
}

/** The time of the last line that holds one, of the last 64 KiB before `end`; null where there is none. */
export function readLastTime(source: ByteSource, end: number): Instant | null {
  const from = Math.max(0, end - 64 * 1024);
  const bytes = new Uint8Array(end - from);
  const count = source.readAt(from, bytes);
  for (let to = count; to > 0;) {
    const end = bytes[to - 1] === LF ? to - 1 : to;
    const start = end === 0 ? 0 : bytes.lastIndexOf(LF, end - 1) + 1;
    // Where the bytes begin amid a line, that line's beginning is not at hand.
    const time = start > 0 || from === 0 ? timeOfLine(bytes, start, end) : null;
    if (time !== null) return time;
    to = start;
  }
  return null;
}

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

/** The offset of the first byte that is not NUL. NULs stand in one run before all text, so it is found by bisection. */
export function textStart(source: ByteSource): number {
  const probe = new Uint8Array(64);
  const isNul = (offset: number) => {
    const count = source.readAt(offset, probe.subarray(0, 1));
    return count === 1 && probe[0] === 0;
  };
  if (!isNul(0)) return 0;
  let low = 0; // NUL
  let high = source.size; // Not NUL, or the end.
  while (high - low > probe.length) {
    const middle = low + Math.floor((high - low) / 2);
    if (isNul(middle)) low = middle;
    else high = middle;
  }
  const count = source.readAt(low, probe);
  let at = 0;
  while (at < count && probe[at] === 0) at++;
  return low + at;
}
