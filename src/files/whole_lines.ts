import type { ByteSource } from "../scan/time_window.ts";

/** Scratch memory for readWholeLines: grown when needed, reused. */
export interface LineBuffer {
  bytes: Uint8Array;
}

/** The part of a source whose lines are asked for; all are offsets in bytes. */
export interface LineRange {
  readonly from: number;
  readonly to: number;
  /** Nothing is read beyond it. */
  readonly end: number;
  /** Where the whole range of which this is a part begins: a line begins there. */
  readonly first: number;
}

/** Lines that stand in scratch.bytes[0, length); from and to are their offsets in the source, at line boundaries. */
export interface WholeLines {
  readonly from: number;
  readonly to: number;
  readonly length: number;
  /** The source ended before range.to or amid a line before range.end: it was cut off meanwhile. */
  readonly short: boolean;
}

const LF = 10;
const PROBE_BYTES = 4096;
/** How much is read at a time to find the end of a line that goes on past the range. */
const STEP_BYTES = 64 * 1024;

/**
 * Reads the lines that begin in [from, to), whole: the last of them may go on past `to`, never past `end`, so
 * neighbouring ranges give every line exactly once. Where no line begins in the range the result is empty.
 */
export function readWholeLines(
  source: ByteSource,
  range: LineRange,
  scratch: LineBuffer,
): WholeLines {
  const { to, end } = range;
  const start = firstLineStart(source, range, scratch);
  if (start === null) return { from: to, to, length: 0, short: true };
  if (start >= to) return { from: to, to, length: 0, short: false };

  ensure(scratch, 0, to - start + Math.min(STEP_BYTES, end - to));
  let length = source.readAt(start, scratch.bytes.subarray(0, to - start));
  if (length < to - start) return { from: start, to: start + length, length, short: true };
  let searched = length - 1;
  while (true) {
    const at = scratch.bytes.subarray(0, length).indexOf(LF, searched);
    if (at >= 0) return { from: start, to: start + at + 1, length: at + 1, short: false };
    if (start + length >= end) return { from: start, to: start + length, length, short: false };
    const step = Math.min(Math.max(STEP_BYTES, length), end - start - length);
    ensure(scratch, length, length + step);
    const count = source.readAt(start + length, scratch.bytes.subarray(length, length + step));
    if (count === 0) return { from: start, to: start + length, length, short: true };
    searched = length;
    length += count;
  }
}

/** Where the first line of the range begins, `to` or more where none does; null where the source ended before. */
function firstLineStart(source: ByteSource, range: LineRange, scratch: LineBuffer): number | null {
  const { from, to, first } = range;
  if (from <= first) return first;
  ensure(scratch, 0, PROBE_BYTES);
  let offset = from - 1;
  while (offset < to) {
    const part = scratch.bytes.subarray(
      0,
      Math.min(scratch.bytes.length, PROBE_BYTES, to - offset),
    );
    const count = source.readAt(offset, part);
    if (count === 0) return null;
    const at = part.subarray(0, count).indexOf(LF);
    if (at >= 0) return offset + at + 1;
    offset += count;
  }
  return to;
}

function ensure(scratch: LineBuffer, kept: number, bytes: number): void {
  if (scratch.bytes.length >= bytes) return;
  const grown = new Uint8Array(
    Math.max(bytes, Math.min(2 * scratch.bytes.length, bytes + (8 << 20))),
  );
  grown.set(scratch.bytes.subarray(0, kept));
  scratch.bytes = grown;
}
