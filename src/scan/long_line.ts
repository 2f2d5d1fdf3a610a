import { type ByteSource, type ReadBuffer, reserve } from "./byte_source.ts";
import { CriParser } from "./cri.ts";
import { type LinePolicy, MAX_HEADER_BYTES, partBytes } from "./line_policy.ts";
import { firstNonNul } from "./lines.ts";
import { recordEnd, trimmedEnd, wholeCharacters } from "./text.ts";

/**
 * A line that is longer than may be held, and how far it has been read. Plain data: it is sent to workers, so that the
 * next worker continues where the last one stopped.
 *
 * - nuls: the NULs at its beginning are skipped; `at` is the next byte.
 * - head: `at` is the first byte of its content, from which its header is read.
 * - skip: the line is malformed; its end is searched for from `at`.
 * - end: its end is searched for from `at`.
 * - cuts: it is divided into parts from `at` on, because backward the last part comes first.
 * - parts: forward, the next part begins at `at`; backward, it is the last of `cuts`.
 */
export interface LongLine {
  readonly stage: "nuls" | "head" | "skip" | "end" | "cuts" | "parts";
  /** Where the line begins. */
  readonly start: number;
  readonly at: number;
  readonly seconds: number;
  readonly nanos: number;
  readonly isFinal: boolean;
  /** The message, without the white space that is trimmed from a final record: [messageStart, messageEnd). */
  readonly messageStart: number;
  readonly messageEnd: number;
  /** Where the line ends (its LF, or the end of the range) and where the next one begins. */
  readonly lineEnd: number;
  readonly next: number;
  /** Backward: where the remaining parts begin. */
  readonly cuts: readonly number[];
}

/** The result of one step through a long line. */
export interface LongLineStep {
  /** buffer.bytes[0, length) is a line: a part of the long one with its own header. 0: nothing yet. */
  readonly length: number;
  readonly malformed: number;
  /** The source ended before the range did. */
  readonly short: boolean;
  /** How far into the source the step has read. */
  readonly to: number;
  /** Where to continue; null: the line is done. */
  readonly line: LongLine | null;
}

const LF = 10;
const FINAL_TAG = 0x46;
/** The header of a part is `YYYY-MM-DDTHH:MM:SS.nnnnnnnnnZ stdout P `. */
const TAG_OFFSET = 38;
/** How much of the white space after a message a pattern sees. */
const MAX_TAIL_BYTES = 2048;
const BLOCK_BYTES = 256 * 1024;
const parser = new CriParser();
const encoder = new TextEncoder();

/**
 * The initial state of a long line that begins at `start`.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { beginLongLine } from "./long_line.ts";
 *
 * assert.deepEqual([beginLongLine(7).start, beginLongLine(7).stage], [7, "nuls"]);
 * ```
 */
export function beginLongLine(start: number): LongLine {
  return {
    stage: "nuls",
    start,
    at: start,
    seconds: 0,
    nanos: 0,
    isFinal: false,
    messageStart: 0,
    messageEnd: 0,
    lineEnd: 0,
    next: 0,
    cuts: [],
  };
}

/**
 * Takes one step, in bounded time and memory. A CRI line is returned in parts, each of which consists of whole records
 * and has the line's own time; only the last part has the line's tag. Both directions divide the line at the same
 * places. A line without a header and a Docker line that is too long are malformed.
 */
export function readLongLine(
  source: ByteSource,
  line: LongLine,
  end: number,
  policy: LinePolicy,
  buffer: ReadBuffer,
): LongLineStep {
  switch (line.stage) {
    case "nuls":
      return passNuls(source, line, end, buffer);
    case "head":
      return readHead(source, line, end, policy, buffer);
    case "skip":
    case "end":
      return findEnd(source, line, end, policy, buffer);
    case "cuts":
      return findCut(source, line, policy, buffer);
    case "parts":
      return policy.direction === "forward"
        ? readNextPart(source, line, policy, buffer)
        : readLastPart(source, line, buffer);
  }
}

function step(to: number, line: LongLine | null, rest: Partial<LongLineStep> = {}): LongLineStep {
  return { length: 0, malformed: 0, short: false, to, line, ...rest };
}

function read(source: ByteSource, at: number, bytes: number, buffer: ReadBuffer): number {
  reserve(buffer, 0, bytes);
  return source.readAt(at, buffer.bytes.subarray(0, bytes));
}

function passNuls(
  source: ByteSource,
  line: LongLine,
  end: number,
  buffer: ReadBuffer,
): LongLineStep {
  const wanted = Math.min(BLOCK_BYTES, end - line.at);
  const count = read(source, line.at, wanted, buffer);
  const bytes = buffer.bytes.subarray(0, count);
  const content = firstNonNul(bytes);
  if (content < count) return step(line.at, { ...line, stage: "head", at: line.at + content });
  const at = line.at + count;
  // Only NULs: an empty line without its LF.
  if (count < wanted || at >= end) return step(at, null, { malformed: 1, short: count < wanted });
  return step(at, { ...line, at });
}

function readHead(
  source: ByteSource,
  line: LongLine,
  end: number,
  policy: LinePolicy,
  buffer: ReadBuffer,
): LongLineStep {
  const { at } = line;
  const wanted = Math.min(policy.heldBytes, end - at);
  const count = read(source, at, wanted, buffer);
  const bytes = buffer.bytes.subarray(0, count);
  const lf = bytes.indexOf(LF);
  // Without its NULs, the line may have a usual length.
  if (lf >= 0) return step(at + lf + 1, null, { length: lf + 1 });
  if (count < wanted || at + count >= end) {
    return step(at + count, null, { length: count, short: count < wanted });
  }
  if (
    policy.format === "docker" || !parser.parse(bytes, 0, count) || parser.start > MAX_HEADER_BYTES
  ) return step(at + count, { ...line, stage: "skip", at: at + count });
  const known = wholeCharacters(bytes, parser.start, count);
  return step(at + known, {
    ...line,
    stage: "end",
    at: at + known,
    seconds: parser.seconds,
    nanos: parser.nanos,
    isFinal: parser.isFinal,
    messageStart: at + parser.start,
    messageEnd: at + trimmedEnd(bytes, parser.start, known),
  });
}

function findEnd(
  source: ByteSource,
  line: LongLine,
  end: number,
  policy: LinePolicy,
  buffer: ReadBuffer,
): LongLineStep {
  const { at } = line;
  const wanted = Math.min(BLOCK_BYTES, end - at);
  const count = wanted === 0 ? 0 : read(source, at, wanted, buffer);
  const bytes = buffer.bytes.subarray(0, count);
  const lf = bytes.indexOf(LF);
  const isOver = lf >= 0 || count < wanted || at + count >= end;
  const short = lf < 0 && count < wanted;
  // No character is divided between two blocks, so that white space is recognized.
  const known = lf >= 0 ? lf : isOver ? count : wholeCharacters(bytes, 0, count);
  if (line.stage === "skip") {
    const to = lf >= 0 ? at + lf + 1 : at + count;
    return isOver ? step(to, null, { malformed: 1, short }) : step(to, { ...line, at: to });
  }
  const text = trimmedEnd(bytes, 0, known);
  const messageEnd = text > 0 ? at + text : line.messageEnd;
  if (!isOver) return step(at + known, { ...line, at: at + known, messageEnd });
  const lineEnd = at + known;
  return step(lineEnd, {
    ...line,
    stage: policy.direction === "forward" ? "parts" : "cuts",
    at: line.messageStart,
    messageEnd: line.isFinal ? messageEnd : lineEnd,
    lineEnd,
    next: lf >= 0 ? lineEnd + 1 : lineEnd,
    cuts: [line.messageStart],
  });
}

function findCut(
  source: ByteSource,
  line: LongLine,
  policy: LinePolicy,
  buffer: ReadBuffer,
): LongLineStep {
  const count = read(source, line.at, partRoom(line, policy), buffer);
  const length = partLength(buffer.bytes.subarray(0, count), line, policy);
  const at = line.at + length;
  if (length > 0 && at < line.messageEnd) {
    return step(at, { ...line, at, cuts: [...line.cuts, at] });
  }
  return step(at, { ...line, stage: "parts", at: line.messageEnd });
}

/** How much is read to divide the message at `at`: a part, and the bytes of one character beyond it. */
function partRoom(line: LongLine, policy: LinePolicy): number {
  return Math.min(partBytes(policy) + 4, line.messageEnd - line.at);
}

/**
 * How many of these bytes, the message from line.at on, form the next part: as many whole records as it may contain.
 */
function partLength(bytes: Uint8Array, line: LongLine, policy: LinePolicy): number {
  const left = line.messageEnd - line.at;
  let length = 0;
  while (length < bytes.length) {
    const end = recordEnd(bytes, length, bytes.length, policy.maxRecordBytes);
    // A record that ends where the bytes end may continue after them.
    const isWhole = end < bytes.length || end === left;
    if (length > 0 && (end > partBytes(policy) || !isWhole)) break;
    length = end;
  }
  return length;
}

function readNextPart(
  source: ByteSource,
  line: LongLine,
  policy: LinePolicy,
  buffer: ReadBuffer,
): LongLineStep {
  const room = partRoom(line, policy);
  const header = writeHeader(buffer, line, room);
  const count = source.readAt(line.at, buffer.bytes.subarray(header, header + room));
  if (count < room) return step(line.at + count, null, { length: header + count, short: true });
  const part = partLength(buffer.bytes.subarray(header, header + count), line, policy);
  const at = line.at + part;
  if (at < line.messageEnd) return step(at, { ...line, at }, { length: header + part });
  return step(line.next, null, { length: finishLine(source, line, header + part, buffer) });
}

function readLastPart(source: ByteSource, line: LongLine, buffer: ReadBuffer): LongLineStep {
  const from = line.cuts.at(-1) ?? line.messageStart;
  const cuts = line.cuts.slice(0, -1);
  const header = writeHeader(buffer, line, line.at - from);
  let length = header +
    source.readAt(from, buffer.bytes.subarray(header, header + line.at - from));
  if (line.at === line.messageEnd) length = finishLine(source, line, length, buffer);
  return step(line.next, cuts.length > 0 ? { ...line, at: from, cuts } : null, { length });
}

/** Writes the header of a part that is not the last one, and makes room for `room` bytes and a tail after it. */
function writeHeader(buffer: ReadBuffer, line: LongLine, room: number): number {
  const date = new Date(line.seconds * 1000).toISOString().slice(0, 19);
  const nanos = String(line.nanos).padStart(9, "0");
  const header = encoder.encode(`${date}.${nanos}Z stdout P `);
  reserve(buffer, 0, header.length + room + MAX_TAIL_BYTES);
  buffer.bytes.set(header);
  return header.length;
}

/**
 * Turns the `length` bytes in the buffer into the last part: with the line's own tag, and with the white space that a
 * pattern sees but a record does not keep. Returns its length.
 */
function finishLine(
  source: ByteSource,
  line: LongLine,
  length: number,
  buffer: ReadBuffer,
): number {
  if (!line.isFinal) return length;
  const { bytes } = buffer;
  bytes[TAG_OFFSET] = FINAL_TAG;
  const room = Math.min(line.lineEnd - line.messageEnd, MAX_TAIL_BYTES);
  const count = source.readAt(line.messageEnd, bytes.subarray(length, length + room));
  return wholeCharacters(bytes, length, length + count);
}
