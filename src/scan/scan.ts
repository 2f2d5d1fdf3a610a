import { isUtf8 } from "node:buffer";
import { CandidateLines } from "./candidate_lines.ts";
import type { LogFormat } from "./format.ts";
import { FrameWriter } from "./frames.ts";
import { lineParser } from "./line_parser.ts";
import { lineEnd, type LineParser, lineStart } from "./lines.ts";
import type { Pattern } from "./pattern.ts";
import { isInWindow, type TimeWindow } from "./time_window.ts";
import { isAscii, recordEnd, repairUtf8, trimmedEnd } from "./text.ts";

export type { LogFormat };
export type Direction = "forward" | "backward";

/** Everything that a scan needs. Plain data: it is sent to workers. */
export interface ScanSpec {
  readonly format: LogFormat;
  readonly direction: Direction;
  /** The client's pattern as sent; "" after trimming: no filter. */
  readonly grep: string;
  /** Longer messages are split into several records. */
  readonly maxRecordBytes: number;
}

export interface ScanResult {
  /** gRPC frames, in a buffer of their own. */
  readonly frames: Uint8Array<ArrayBuffer>;
  readonly records: number;
  /** Lines that were parsed and do not have the format; a grep parses only its candidates. */
  readonly malformed: number;
  /**
   * Null: the whole range is done. Otherwise the budget ended the scan: forward, [offset, to) is left; backward, [from,
   * offset) is left. `skip` belongs to it and is passed on unchanged.
   */
  readonly resume: Resume | null;
}

export interface Resume {
  readonly offset: number;
  /** How many parts of the first remaining line (in scan order) are done, if it is over-long. */
  readonly skip: number;
}

/** Turns pieces of one log into frames. Keeps its buffers from piece to piece. */
export interface Scanner {
  /** It is best to read bytes into this memory of the thread, if they fit. Null: it makes no difference. */
  readonly memory: Uint8Array | null;
  /**
   * Scans bytes[from, to), which begins and ends at line boundaries; its last line may lack its newline (end of file).
   * Stops after the record with which the frames reach `budget` bytes.
   */
  scan(bytes: Uint8Array, from: number, to: number, options: ScanOptions): ScanResult;
}

export interface ScanOptions {
  /** The scan stops after the record with which the frames reach this size, in bytes. */
  readonly budget: number;
  /** How many records of the first line are done, if it is over-long. */
  readonly skip?: number;
  /** Records with times outside the window are omitted. */
  readonly window?: TimeWindow | null;
}

/**
 * Creates a scanner. Loads the regex engine only if there is a pattern. A piece is processed in blocks of about
 * `blockBytes`, which stay in the processor's cache. Throws Failure("invalid-argument", "Invalid grep pattern: …").
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { Buffer } from "node:buffer";
 * import { createScanner } from "./scan.ts";
 *
 * const spec = { format: "cri", direction: "forward", maxRecordBytes: 1024 } as const;
 * const scanner = await createScanner({ ...spec, grep: "err" });
 * const bytes = Buffer.from(
 *   "2024-10-01T05:00:01Z stdout F an error\n2024-10-01T05:00:09Z stdout F all ok\n",
 * );
 * const { records, resume } = scanner.scan(bytes, 0, bytes.length, { budget: 65_536 });
 * assert.deepEqual([records, resume], [1, null]);
 * ```
 */
export async function createScanner(
  spec: ScanSpec,
  { blockBytes = 256 * 1024 }: { readonly blockBytes?: number } = {},
): Promise<Scanner> {
  const grep = spec.grep.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, "");
  const pattern: Pattern = grep === ""
    ? { exact: null, search: null, proof: null }
    : (await import("./pattern.ts")).compilePattern(grep, spec.format);
  return new PieceScanner(spec, pattern, blockBytes);
}

/**
 * With at least one candidate line per this many bytes, copying the whole block once costs less than copying its lines.
 */
const DENSE_LINE_BYTES = 1024;

class PieceScanner implements Scanner {
  readonly memory: Uint8Array | null;
  readonly #parser: LineParser;
  /** Separates a line's header from its message; null if the header does not come first. */
  readonly #header: LineParser | null;
  readonly #pattern: Pattern;
  readonly #backward: boolean;
  readonly #maxRecordBytes: number;
  readonly #blockBytes: number;
  readonly #frames = new FrameWriter();
  readonly #lines = new CandidateLines();

  // State of the current scan:
  #budget = 0;
  #records = 0;
  #malformed = 0;
  #window: TimeWindow | null = null;
  /** Whether the whole block is known to be valid UTF-8, so that its texts can be copied as they are. */
  #valid = false;

  constructor(spec: ScanSpec, pattern: Pattern, blockBytes: number) {
    this.memory = pattern.search?.memory ?? null;
    this.#blockBytes = blockBytes;
    this.#parser = lineParser(spec.format);
    this.#header = spec.format === "docker" ? null : this.#parser;
    this.#pattern = pattern;
    this.#backward = spec.direction === "backward";
    this.#maxRecordBytes = spec.maxRecordBytes;
  }

  scan(
    bytes: Uint8Array,
    from: number,
    to: number,
    { budget, skip = 0, window = null }: ScanOptions,
  ): ScanResult {
    const piece = bytes.subarray(0, to);
    this.#window = window;
    this.#budget = budget;
    this.#records = 0;
    this.#malformed = 0;
    const resume = this.#backward
      ? this.#scanBackward(piece, from, to, skip)
      : this.#scanForward(piece, from, to, skip);
    return {
      frames: this.#frames.take(),
      records: this.#records,
      malformed: this.#malformed,
      resume,
    };
  }

  #scanForward(bytes: Uint8Array, from: number, to: number, skip: number): Resume | null {
    const lines = this.#lines;
    let blockEnd = from;
    for (let block = from; block < to; block = blockEnd) {
      blockEnd = to - block <= this.#blockBytes
        ? to
        : Math.min(lineEnd(bytes, block + this.#blockBytes, to) + 1, to);
      this.#findLines(bytes, block, blockEnd);
      for (let i = 0; i < lines.count; i++) {
        const start = lines.starts[i]!;
        const end = lines.ends[i]!;
        const done = this.#judge(bytes, start, end, lines.found[i]!, start === from ? skip : 0);
        if (done !== 0) return { offset: start, skip: done };
        if (this.#frames.length >= this.#budget && end + 1 < to) {
          return { offset: end + 1, skip: 0 };
        }
      }
    }
    return null;
  }

  #scanBackward(bytes: Uint8Array, from: number, to: number, skip: number): Resume | null {
    const lines = this.#lines;
    let blockStart = to;
    for (let block = to; block > from; block = blockStart) {
      blockStart = block - from <= this.#blockBytes
        ? from
        : lineStart(bytes, from, block - this.#blockBytes);
      this.#findLines(bytes, blockStart, block);
      for (let i = lines.count - 1; i >= 0; i--) {
        const start = lines.starts[i]!;
        const end = lines.ends[i]!;
        const isFirst = end + 1 >= to;
        const done = this.#judge(bytes, start, end, lines.found[i]!, isFirst ? skip : 0);
        if (done !== 0) return { offset: Math.min(end + 1, to), skip: done };
        if (this.#frames.length >= this.#budget && start > from) return { offset: start, skip: 0 };
      }
    }
    return null;
  }

  /** Finds the lines of a block that must be judged. */
  #findLines(bytes: Uint8Array, from: number, to: number): void {
    const { search } = this.#pattern;
    const lines = this.#lines;
    if (search === null) lines.takeAll(bytes, from, to);
    else lines.search(bytes, from, to, search, this.#header);
    // Checking the whole block costs as much as checking a few of its lines.
    this.#valid = lines.count > 16 && isUtf8(bytes.subarray(from, to));
    // Docker's messages do not appear verbatim in the log: hardly any is without an escape.
    const isHeld = this.#header !== null && lines.count * DENSE_LINE_BYTES > to - from;
    if (isHeld) this.#frames.hold(bytes, from, to);
  }

  /**
   * Judges one line, of which `skip` parts are done, and writes its records. Returns 0 if the line is done, otherwise
   * the number of completed parts. `found`: where the search found a needle, -1 if unknown.
   */
  #judge(bytes: Uint8Array, start: number, end: number, found: number, skip: number): number {
    const line = this.#parser;
    if (!line.parse(bytes, start, end)) {
      this.#malformed++;
      return 0;
    }
    if (this.#window !== null && !isInWindow(line, this.#window)) return 0;
    let text = line.text;
    let textStart = line.start;
    let textEnd = line.end;
    // A part keeps its trailing whitespace, so that parts can be joined.
    let messageEnd = line.isFinal ? trimmedEnd(text, textStart, textEnd) : textEnd;
    // Replacing invalid bytes makes a text longer, never shorter.
    if (messageEnd - textStart > this.#maxRecordBytes) {
      return this.#longLine(text, textStart, messageEnd, textEnd, skip);
    }
    if (
      !this.#valid && !isAscii(text, textStart, textEnd) &&
      !isUtf8(text.subarray(textStart, textEnd))
    ) {
      text = repairUtf8(text.subarray(textStart, textEnd));
      textStart = 0;
      textEnd = text.length;
      messageEnd = line.isFinal ? trimmedEnd(text, textStart, textEnd) : textEnd;
    }
    if (messageEnd - textStart > this.#maxRecordBytes) {
      return this.#longLine(text, textStart, messageEnd, textEnd, skip);
    }
    const { exact } = this.#pattern;
    // A hit is meaningful only for a text that consists of the bytes that the search saw.
    const place = line.text === bytes && found >= line.start ? found : -1;
    if (
      exact === null || this.#isProven(text, textStart, textEnd, place, text === bytes) ||
      exact.matches(text, textStart, textEnd)
    ) {
      this.#frames.add(line, text, textStart, messageEnd, line.isFinal);
      this.#records++;
    }
    return 0;
  }

  /** Whether a text is known to match without the regex engine. `isRaw`: it consists of the log's bytes as they are. */
  #isProven(
    text: Uint8Array,
    start: number,
    end: number,
    found: number,
    isRaw: boolean,
  ): boolean {
    const { search, proof } = this.#pattern;
    if (search !== null && found >= 0) {
      if (search.exact === "always") return true;
      if (search.exact === "ascii" && isAscii(text, start, end)) return true;
    }
    return proof !== null && proof.isUseful(end - start) &&
      proof.holds(text, start, end, isRaw ? found : -1);
  }

  /** Splits a message into parts, each judged separately. The whitespace trimmed from the last one counts for grep. */
  #longLine(
    text: Uint8Array,
    start: number,
    messageEnd: number,
    textEnd: number,
    skip: number,
  ): number {
    const { exact } = this.#pattern;
    const cuts = [start];
    do {
      cuts.push(recordEnd(text, cuts.at(-1)!, messageEnd, this.#maxRecordBytes));
    } while (cuts.at(-1)! < messageEnd);
    const parts = cuts.length - 1;
    for (let done = skip; done < parts; done++) {
      if (done > skip && this.#frames.length >= this.#budget) return done;
      const part = this.#backward ? parts - 1 - done : done;
      const isLast = part === parts - 1;
      const partStart = cuts[part]!;
      const partEnd = cuts[part + 1]!;
      // A pattern sees the white space that the last record does not keep.
      let seen = text.subarray(partStart, isLast ? textEnd : partEnd);
      let messageBytes = partEnd - partStart;
      if (!isUtf8(seen)) {
        messageBytes = repairUtf8(text.subarray(partStart, partEnd)).length;
        seen = repairUtf8(seen);
      }
      if (exact === null || exact.matches(seen, 0, seen.length)) {
        const line = this.#parser;
        this.#frames.add(line, seen, 0, messageBytes, isLast && line.isFinal);
        this.#records++;
      }
    }
    return 0;
  }
}
