import type { LinePosition } from "../scan/line_reader.ts";
import type { Resume } from "../scan/scan.ts";
import type { LogSegment } from "./log_segment.ts";

/** Where to continue, as returned by a scan; everything before it was delivered. */
export interface ReadPosition extends Resume {
  /** The long line that is being read. */
  readonly line: LinePosition["line"];
}

/**
 * The position at an offset where a line begins.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { atLine } from "./appended_range.ts";
 *
 * assert.deepEqual(atLine(120), { offset: 120, skip: 0, line: null });
 * ```
 */
export function atLine(offset: number): ReadPosition {
  return { offset, skip: 0, line: null };
}

/** Whole lines that were appended to a log: [from, to) of a segment. Made by the LogFollower for its reader. */
export class AppendedRange {
  /** Its path, device and inode change when the bytes move (into a rotated copy): take them when you read. */
  readonly source: LogSegment;
  /** Where to begin. */
  readonly position: ReadPosition;
  /** The range ends at the end of a line; the last line of a finished file may lack its newline. */
  readonly to: number;
  readonly #epoch: number;
  readonly #report: RangeReport;

  constructor(source: LogSegment, position: ReadPosition, to: number, report: RangeReport) {
    this.source = source;
    this.position = position;
    this.to = to;
    this.#epoch = source.epoch;
    this.#report = report;
  }

  get from(): number {
    return this.position.offset;
  }

  /** The bytes, if they are already in memory and known to be correct. */
  get bytes(): Uint8Array | null {
    return this.source.freshLines(this.from);
  }

  /** Whether the bytes that were read were the range's own. Ask after reading and before delivering anything. */
  isIntact(): boolean {
    return this.source.isIntact(this.#epoch);
  }

  /** Reports that everything before the position was delivered. */
  given(position: ReadPosition): void {
    this.#report.given(position);
  }

  /** Reports that bytes were missing or not intact: the log is checked, and the rest of the range is returned again. */
  failed(): void {
    this.#report.failed();
  }
}

/** Receives the outcome of a range. */
export interface RangeReport {
  given(position: ReadPosition): void;
  failed(): void;
}
