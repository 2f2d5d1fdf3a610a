import { type ByteSource, type ReadBuffer, reserve } from "./byte_source.ts";
import { beginLongLine, type LongLine, readLongLine } from "./long_line.ts";
import type { LinePolicy } from "./line_policy.ts";

/** Where lines are read in a source: offsets in bytes. */
export interface LinePosition {
  /** The lines to read are those that begin in [from, to). */
  readonly from: number;
  readonly to: number;
  /** Nothing is read beyond this offset. */
  readonly end: number;
  /** A line begins here, at or before `from`. */
  readonly first: number;
  /** The line that is currently read in parts: the next one forward, the last one backward. */
  readonly line: LongLine | null;
}

/** Whole lines, or a part of a long line turned into a line, in buffer.bytes[0, length). */
export interface LineChunk {
  readonly length: number;
  /** Where the lines are in the source. */
  readonly from: number;
  readonly to: number;
  /** Whether this is a part of a long line. Offsets in the buffer then say nothing about the source. */
  readonly isPart: boolean;
  /** Lines that were skipped because they have no known format. */
  readonly malformed: number;
  /** The source ended before the range did: it was truncated meanwhile. */
  readonly short: boolean;
  /** What is left after this chunk; null: nothing. */
  readonly next: LinePosition | null;
}

const LF = 10;
const PROBE_BYTES = 4096;
/** How much is read first to find the end of a line that continues after the block: most lines are no longer. */
const FIRST_STEP_BYTES = 4096;
/** How much is read at a time to find the end of a line that continues after the block. */
const STEP_BYTES = 64 * 1024;

/**
 * Reads the next lines of a position: about `blockBytes` of whole lines, or the next step through a line longer than
 * `policy.heldBytes`, which may return nothing yet. A line belongs to the range in which it begins, so neighboring
 * ranges return every line exactly once. Time and memory of a call are bounded for any content.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { Buffer } from "node:buffer";
 * import { readLines } from "./line_reader.ts";
 * import { linePolicy } from "./line_policy.ts";
 *
 * const bytes = Buffer.from(
 *   "2024-10-01T05:00:01Z stdout F one\n2024-10-01T05:00:09Z stdout F two\n",
 * );
 * const readAt = (offset: number, into: Uint8Array) => bytes.copy(into, 0, offset);
 * const source = { size: bytes.length, readAt };
 * const spec = { format: "cri", direction: "forward", maxRecordBytes: 1024 } as const;
 * const position = { from: 0, to: bytes.length, end: bytes.length, first: 0, line: null };
 * const chunk = readLines(source, position, linePolicy(spec), 10, { bytes: new Uint8Array(64) });
 * assert.deepEqual([chunk.from, chunk.to, chunk.next?.from], [0, 34, 34]);
 * ```
 */
export function readLines(
  source: ByteSource,
  position: LinePosition,
  policy: LinePolicy,
  blockBytes: number,
  buffer: ReadBuffer,
): LineChunk {
  if (position.line !== null) return readPart(source, position, position.line, policy, buffer);
  const { from, to, end, first } = position;
  const forward = policy.direction === "forward";
  const block = forward
    ? { from, to: Math.min(from + blockBytes, to), end, first }
    : { from: Math.max(to - blockBytes, from), to, end, first };
  const lines = readBlock(source, block, policy.heldBytes, buffer);
  const left = (change: Partial<LinePosition>): LinePosition | null => {
    const next = { ...position, ...change };
    return next.from < next.to ? next : null;
  };
  if (lines.long !== null) {
    const line = beginLongLine(lines.long);
    const next = forward
      ? left({ from: lines.long, first: lines.long, line })
      : left({ to: lines.long + 1, line });
    // Backward, the long line comes before the lines in front of it.
    return chunk(forward ? lines.length : 0, lines.from, lines.to, { next });
  }
  let next: LinePosition | null;
  // The last line of the next block ends where the first line of this block begins.
  if (!forward) next = left({ to: lines.length > 0 ? lines.from : block.from });
  else if (lines.length === 0) next = left({ from: block.to });
  else {
    const at = Math.max(block.to, lines.to);
    next = left({ from: at, first: lines.to });
  }
  return chunk(lines.length, lines.from, lines.to, {
    short: lines.short,
    next: lines.short ? null : next,
  });
}

function readPart(
  source: ByteSource,
  position: LinePosition,
  line: LongLine,
  policy: LinePolicy,
  buffer: ReadBuffer,
): LineChunk {
  const step = readLongLine(source, line, position.end, policy, buffer);
  let next: LinePosition | null;
  if (step.line !== null) next = { ...position, line: step.line };
  else if (policy.direction === "forward") {
    next = { ...position, from: step.to, first: step.to, line: null };
  } else next = { ...position, to: line.start, line: null };
  if (next !== null && next.from >= next.to) next = null;
  return chunk(step.length, line.start, step.to, {
    isPart: true,
    malformed: step.malformed,
    short: step.short && policy.direction === "forward",
    next,
  });
}

function chunk(length: number, from: number, to: number, rest: Partial<LineChunk>): LineChunk {
  return { length, from, to, isPart: false, malformed: 0, short: false, next: null, ...rest };
}

interface Block {
  readonly from: number;
  readonly to: number;
  readonly end: number;
  readonly first: number;
}

interface BlockLines {
  readonly from: number;
  readonly to: number;
  readonly length: number;
  readonly short: boolean;
  /** Where a line begins that is longer than may be held. It follows the lines in the buffer. */
  readonly long: number | null;
}

/** Reads the lines that begin in the block. The last one may end beyond it. */
function readBlock(
  source: ByteSource,
  block: Block,
  heldBytes: number,
  buffer: ReadBuffer,
): BlockLines {
  const { to, end } = block;
  const start = firstLineStart(source, block, buffer);
  if (start === null) return { from: to, to, length: 0, short: true, long: null };
  if (start >= to) return { from: to, to, length: 0, short: false, long: null };

  reserve(buffer, 0, to - start + Math.min(STEP_BYTES, end - to));
  let length = source.readAt(start, buffer.bytes.subarray(0, to - start));
  const found = (length: number, short: boolean) => ({
    from: start,
    to: start + length,
    length,
    short,
    long: null,
  });
  if (length < to - start) return found(length, true);
  let searched = length - 1;
  for (let isFirstStep = true;; isFirstStep = false) {
    const at = buffer.bytes.subarray(0, length).indexOf(LF, searched);
    if (at >= 0) return found(at + 1, false);
    if (start + length >= end) return found(length, false);
    // The last line grows with each read; its beginning is looked up once.
    const lineStart = buffer.bytes.lastIndexOf(LF, searched) + 1;
    if (length - lineStart >= heldBytes) {
      const long = start + lineStart;
      return { from: start, to: long, length: lineStart, short: false, long };
    }
    const step = Math.min(
      isFirstStep ? FIRST_STEP_BYTES : Math.max(STEP_BYTES, length - lineStart),
      end - start - length,
      Math.max(1, lineStart + heldBytes - length),
    );
    reserve(buffer, length, length + step);
    const count = source.readAt(start + length, buffer.bytes.subarray(length, length + step));
    if (count === 0) return found(length, true);
    searched = length;
    length += count;
  }
}

/** Where the first line of the block begins; `to` or more if none does; null if the source ended before. */
function firstLineStart(source: ByteSource, block: Block, buffer: ReadBuffer): number | null {
  const { from, to, first } = block;
  if (from <= first) return first;
  reserve(buffer, 0, PROBE_BYTES);
  let offset = from - 1;
  let probe = PROBE_BYTES;
  while (offset < to) {
    const part = buffer.bytes.subarray(0, Math.min(probe, to - offset));
    const count = source.readAt(offset, part);
    if (count === 0) return null;
    const at = part.subarray(0, count).indexOf(LF);
    if (at >= 0) return offset + at + 1;
    offset += count;
    probe = STEP_BYTES;
    reserve(buffer, 0, probe);
  }
  return to;
}
