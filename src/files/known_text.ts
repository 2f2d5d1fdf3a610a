import type { ByteSource } from "../scan/time_window.ts";
import { equalBytes } from "./fingerprint.ts";
import { isBehindNuls, textStart } from "./text_start.ts";

/** Bytes of a file that must not change. */
interface Anchor {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

/** What is known of a growing file's text. All offsets are in bytes. */
export interface KnownText {
  /** The text's beginning: after the NULs of a writer that kept its offset across a truncation. */
  readonly start: number;
  /** All bytes up to here are whole lines. */
  readonly committed: number;
  /** All bytes up to here have been read once; what is beyond `committed` is an unterminated line. */
  readonly seen: number;
  /** Around the end of the whole lines: they contain the time of the last one. */
  readonly anchors: readonly Anchor[];
  /** In the unterminated line. */
  readonly partial: readonly Anchor[];
}

export const unknownText: KnownText = {
  start: 0,
  committed: 0,
  seen: 0,
  anchors: [],
  partial: [],
};

/** A file's text after it has grown. */
export interface Growth {
  readonly text: KnownText;
  /** The added whole lines, [old committed, new committed), if they are few; null otherwise. */
  readonly lines: Uint8Array | null;
}

/** Appended text is usually shorter than this: one read gets all of it, and it is kept. */
const BLOCK_BYTES = 64 * 1024;
/** Usually the last line's end is found within this many bytes. */
const FIRST_BLOCK_BYTES = 4 * 1024;
/** How much is searched for a line end at a time: some milliseconds. */
const MAX_STEP_BYTES = 4 * 1024 * 1024;
const TAIL_BYTES = 512;
/** The part of a line's beginning that contains a CRI time. */
const LINE_HEAD_BYTES = 64;
const LF = 10;

/** Memory for bytes that are only compared: it is used for every event of every log. */
const scratch = new Uint8Array(BLOCK_BYTES + TAIL_BYTES);
const compared = new Uint8Array(TAIL_BYTES);

/**
 * Whether the known bytes are where they were. A file that was truncated and has regrown contains other times there.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { Buffer } from "node:buffer";
 * import { isIntact, readGrowth, unknownText } from "./known_text.ts";
 *
 * const bytes = Buffer.from(
 *   "2024-10-01T05:00:01Z stdout F one\n2024-10-01T05:00:09Z stdout F two\n",
 * );
 * const readAt = (offset: number, into: Uint8Array) => bytes.copy(into, 0, offset);
 * const source = { size: bytes.length, readAt };
 * const { text } = readGrowth(source, unknownText, source.size)!;
 * assert.ok(isIntact(source, text));
 * bytes.fill(0); // Truncated, and written from its end on.
 * assert.ok(!isIntact(source, text));
 * ```
 */
export function isIntact(source: ByteSource, text: KnownText): boolean {
  return text.anchors.every((anchor) => isAt(source, anchor)) &&
    text.partial.every((anchor) => isAt(source, anchor));
}

/**
 * Reads from the known end to `size`. Every byte is read once, however long a line is, and after reading, the known
 * bytes are compared once more. Unless `whole`, if there are more than MAX_STEP_BYTES without a line end in their last
 * part, only one step is taken, so that the event loop is not blocked; the next call continues. Null if the known bytes
 * have changed or the source is shorter, so what was read is not the text's continuation.
 * text's continuation.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { Buffer } from "node:buffer";
 * import { readGrowth, unknownText } from "./known_text.ts";
 *
 * const bytes = Buffer.from(
 *   "2024-10-01T05:00:01Z stdout F one\n2024-10-01T05:00:09Z stdout F two\n",
 * );
 * const readAt = (offset: number, into: Uint8Array) => bytes.copy(into, 0, offset);
 * const source = { size: bytes.length, readAt };
 * const growth = readGrowth(source, unknownText, source.size);
 * assert.equal(growth?.text.committed, source.size);
 * ```
 */
export function readGrowth(
  source: ByteSource,
  known: KnownText,
  size: number,
  { whole = true }: { readonly whole?: boolean } = {},
): Growth | null {
  const text = known.seen > 0 ? known : startAt(textStart(source));
  const windowStart = Math.max(text.start, text.committed - TAIL_BYTES);
  const growth = size - windowStart <= scratch.length
    ? readSmall(source, text, windowStart, size)
    : readLarge(source, text, size, whole);
  return growth !== null && isContinued(source, known, text.start) ? growth : null;
}

/** Whether what was read continues the known text. If nothing is known, whether the text still begins there. */
function isContinued(source: ByteSource, known: KnownText, start: number): boolean {
  if (known.seen > 0) return isIntact(source, known);
  return isBehindNuls(source, start);
}

/** A text of which only the beginning's offset is known. */
function startAt(start: number): KnownText {
  return { ...unknownText, start, committed: start, seen: start };
}

function readSmall(
  source: ByteSource,
  text: KnownText,
  windowStart: number,
  size: number,
): Growth | null {
  const bytes = scratch.subarray(0, size - windowStart);
  if (source.readAt(windowStart, bytes) < bytes.length) return null;
  const at = (offset: number, length: number): Anchor => ({
    offset,
    bytes: bytes.slice(offset - windowStart, offset - windowStart + length),
  });
  const committed = Math.max(text.committed, windowStart + bytes.lastIndexOf(LF) + 1);
  const partial = partialAnchors(committed, size, at);
  if (committed === text.committed) {
    return { text: { ...text, seen: size, partial }, lines: null };
  }
  const lastLf = bytes.lastIndexOf(LF, committed - windowStart - 2);
  const lineStart = committed - windowStart < 2 ? windowStart : windowStart + lastLf + 1;
  return {
    text: {
      start: text.start,
      committed,
      seen: size,
      anchors: lineAnchors(text.start, lineStart, committed, at),
      partial,
    },
    lines: bytes.slice(text.committed - windowStart, committed - windowStart),
  };
}

function readLarge(
  source: ByteSource,
  text: KnownText,
  end: number,
  whole: boolean,
): Growth | null {
  let size = end;
  if (!whole && size - text.seen > MAX_STEP_BYTES) {
    const found = lastLineEnd(source, size - MAX_STEP_BYTES, size);
    if (found === undefined) return null;
    if (found === null) size = text.seen + MAX_STEP_BYTES;
  }
  let failed = false;
  const at = (offset: number, length: number): Anchor => {
    const bytes = new Uint8Array(length);
    if (source.readAt(offset, bytes) < length) failed = true;
    return { offset, bytes };
  };
  // The unterminated line was searched before.
  const found = lastLineEnd(source, text.seen, size);
  if (found === undefined) return null;
  const committed = found ?? text.committed;
  const partial = partialAnchors(committed, size, at);
  let anchors = text.anchors;
  if (committed > text.committed) {
    const searched = Math.max(text.committed, committed - BLOCK_BYTES);
    const lineStart = lastLineEnd(source, searched, committed - 1) ??
      (searched === text.committed ? searched : null);
    anchors = lineStart === null
      // The last line's beginning is far away. The previous anchors contain a time.
      ? [...lineAnchors(text.start, committed, committed, at), ...text.anchors.slice(0, 2)]
      : lineAnchors(text.start, lineStart ?? committed, committed, at);
  }
  if (failed) return null;
  return { text: { start: text.start, committed, seen: size, anchors, partial }, lines: null };
}

/** The last bytes of the whole lines, and the beginning of the last one if it is before them. */
function lineAnchors(
  start: number,
  lineStart: number,
  end: number,
  at: (offset: number, length: number) => Anchor,
): Anchor[] {
  const tailStart = Math.max(start, end - TAIL_BYTES);
  const tail = at(tailStart, end - tailStart);
  if (lineStart >= tailStart) return [tail];
  return [tail, at(lineStart, Math.min(LINE_HEAD_BYTES, end - lineStart))];
}

function partialAnchors(
  lineStart: number,
  end: number,
  at: (offset: number, length: number) => Anchor,
): Anchor[] {
  if (lineStart === end) return [];
  const head = at(lineStart, Math.min(LINE_HEAD_BYTES, end - lineStart));
  const tailStart = Math.max(lineStart, end - LINE_HEAD_BYTES);
  return tailStart === lineStart ? [head] : [head, at(tailStart, end - tailStart)];
}

/** The end of the last line in [from, to), null if there is none; undefined if the source ended before. */
function lastLineEnd(source: ByteSource, from: number, to: number): number | null | undefined {
  let blockBytes = FIRST_BLOCK_BYTES;
  for (let end = to; end > from; blockBytes = BLOCK_BYTES) {
    const start = Math.max(from, end - blockBytes);
    const bytes = scratch.subarray(0, end - start);
    if (source.readAt(start, bytes) < bytes.length) return undefined;
    const at = bytes.lastIndexOf(LF);
    if (at >= 0) return start + at + 1;
    end = start;
  }
  return null;
}

function isAt(source: ByteSource, { offset, bytes: expected }: Anchor): boolean {
  const bytes = compared.subarray(0, expected.length);
  return source.readAt(offset, bytes) === bytes.length && equalBytes(bytes, expected);
}
