import { isUtf8 } from "node:buffer";
import { CriParser } from "./cri.ts";
import { DockerParser } from "./docker.ts";
import type { LogFormat } from "./format.ts";
import { FrameWriter } from "./frames.ts";
import { lineEnd, type LineParser, lineStart } from "./lines.ts";
import { characterStart, repairUtf8, trimmedEnd } from "./text.ts";

export type { LogFormat };
export type Direction = "forward" | "backward";

/** All that a scan must know: plain data, it crosses to a worker. */
export interface ScanSpec {
  readonly format: LogFormat;
  readonly direction: Direction;
  /** The client's pattern as sent; "" after trimming: no filter. */
  readonly grep: string;
  /** Messages of more bytes than this are cut into several records. */
  readonly maxRecordBytes: number;
}

export interface ScanResult {
  /** gRPC frames, in a buffer of their own. */
  readonly frames: Uint8Array<ArrayBuffer>;
  readonly records: number;
  /** Lines that were looked at and are none of the format; a grep looks only at its candidates. */
  readonly malformed: number;
  /**
   * Null: the whole range is done. Otherwise the budget ended the scan: forward, [offset, to) is
   * left; backward, [from, offset) is left; `skip` belongs to it and is passed on as it is.
   */
  readonly resume: Resume | null;
}

export interface Resume {
  readonly offset: number;
  /** How many parts of the first line (in scan order) that is left are done: of an over-long line. */
  readonly skip: number;
}

/** Turns pieces of one log into frames. Keeps its buffers from piece to piece. */
export interface Scanner {
  /**
   * Scans bytes[from, to), which begins and ends at line boundaries; its last line may lack its
   * newline (end of file). Stops after the record with which the frames reach `budget` bytes.
   */
  scan(
    bytes: Uint8Array,
    from: number,
    to: number,
    options: { readonly budget: number; readonly skip?: number },
  ): ScanResult;
}

/**
 * Makes a scanner. Loads the regex engine only when there is a pattern.
 * Throws Failure("invalid-argument", "Invalid grep pattern: …").
 */
export async function createScanner(spec: ScanSpec): Promise<Scanner> {
  const grep = spec.grep.replace(/^\p{White_Space}+|\p{White_Space}+$/gu, "");
  const parser = spec.format === "docker" ? new DockerParser() : new CriParser();
  const matcher = grep === "" ? null : (await import("./pattern.ts")).compilePattern(grep).exact;
  return new PieceScanner(parser, matcher, spec.direction === "backward", spec.maxRecordBytes);
}

interface Matcher {
  matches(text: Uint8Array, start: number, end: number): boolean;
}

class PieceScanner implements Scanner {
  readonly #parser: LineParser;
  readonly #matcher: Matcher | null;
  readonly #backward: boolean;
  readonly #maxRecordBytes: number;
  readonly #frames = new FrameWriter();

  #budget = 0;
  #records = 0;
  #malformed = 0;
  /** Is the whole piece valid UTF-8, so that its texts can be copied as they are? */
  #valid = false;

  constructor(
    parser: LineParser,
    matcher: Matcher | null,
    backward: boolean,
    maxRecordBytes: number,
  ) {
    this.#parser = parser;
    this.#matcher = matcher;
    this.#backward = backward;
    this.#maxRecordBytes = maxRecordBytes;
  }

  scan(
    bytes: Uint8Array,
    from: number,
    to: number,
    { budget, skip = 0 }: { readonly budget: number; readonly skip?: number },
  ): ScanResult {
    const piece = bytes.subarray(0, to);
    this.#budget = budget;
    this.#records = 0;
    this.#malformed = 0;
    this.#valid = isUtf8(bytes.subarray(from, to));
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
    let done = skip;
    for (let at = from; at < to;) {
      const end = lineEnd(bytes, at, to);
      const next = end < to ? end + 1 : to;
      const left = this.#line(bytes, at, end, done);
      if (left !== 0) return { offset: at, skip: left };
      done = 0;
      at = next;
      if (this.#frames.length >= this.#budget && at < to) return { offset: at, skip: 0 };
    }
    return null;
  }

  #scanBackward(bytes: Uint8Array, from: number, to: number, skip: number): Resume | null {
    let done = skip;
    for (let at = to; at > from;) {
      const end = bytes[at - 1] === 0x0a ? at - 1 : at;
      const start = lineStart(bytes, from, end);
      const left = this.#line(bytes, start, end, done);
      if (left !== 0) return { offset: at, skip: left };
      done = 0;
      at = start;
      if (this.#frames.length >= this.#budget && at > from) return { offset: at, skip: 0 };
    }
    return null;
  }

  /**
   * Judges one line, of which `skip` parts are done, and writes its records. Returns 0 when the line
   * is done, otherwise how many of its parts are.
   */
  #line(bytes: Uint8Array, start: number, end: number, skip: number): number {
    const line = this.#parser;
    if (!line.parse(bytes, start, end)) {
      this.#malformed++;
      return 0;
    }
    let text = line.text;
    let textStart = line.start;
    let textEnd = line.end;
    if (!this.#valid && !isUtf8(text.subarray(textStart, textEnd))) {
      text = repairUtf8(text.subarray(textStart, textEnd));
      textStart = 0;
      textEnd = text.length;
    }
    const messageEnd = trimmedEnd(text, textStart, textEnd);
    if (messageEnd - textStart > this.#maxRecordBytes) {
      return this.#longLine(text, textStart, messageEnd, textEnd, skip);
    }
    if (this.#matcher === null || this.#matcher.matches(text, textStart, textEnd)) {
      this.#frames.add(line, text, textStart, messageEnd, line.isFinal);
      this.#records++;
    }
    return 0;
  }

  /** Cuts a message into parts, each judged alone. The blanks trimmed from the last count for grep. */
  #longLine(
    text: Uint8Array,
    start: number,
    messageEnd: number,
    textEnd: number,
    skip: number,
  ): number {
    const cuts = [start];
    while (messageEnd - cuts.at(-1)! > this.#maxRecordBytes) {
      cuts.push(characterStart(text, cuts.at(-1)!, cuts.at(-1)! + this.#maxRecordBytes));
    }
    const parts = cuts.length;
    cuts.push(messageEnd);
    for (let done = skip; done < parts; done++) {
      if (done > skip && this.#frames.length >= this.#budget) return done;
      const part = this.#backward ? parts - 1 - done : done;
      const isLast = part === parts - 1;
      const partStart = cuts[part]!;
      const partEnd = cuts[part + 1]!;
      if (
        this.#matcher === null ||
        this.#matcher.matches(text, partStart, isLast ? textEnd : partEnd)
      ) {
        const line = this.#parser;
        this.#frames.add(line, text, partStart, partEnd, isLast && line.isFinal);
        this.#records++;
      }
    }
    return 0;
  }
}
