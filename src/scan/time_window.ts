import type { ByteSource } from "./byte_source.ts";
import { CriParser } from "./cri.ts";
import { DockerParser } from "./docker.ts";
import type { LogFormat } from "./format.ts";
import { compareInstants, type Instant } from "./instant.ts";
import type { LineParser } from "./lines.ts";
import { TimeReader } from "./rfc3339.ts";

export type { ByteSource };

const LF = 0x0a;
/** What one look into the log reads, bytes; below twice this, lines are simply read in a row. */
const WINDOW = 4096;

/** Parses an RFC 3339 time: optional fraction, any offset. Null: it is none. */
export function parseInstant(text: string): Instant | null {
  const bytes = new TextEncoder().encode(text);
  const reader = new TimeReader();
  if (reader.read(bytes, 0, bytes.length) !== bytes.length) return null;
  return { seconds: reader.seconds, nanos: reader.nanos };
}

/**
 * The offset of the first line in [from, to) whose time is at or after `t`; `to` if there is none.
 * `from` and `to` are line boundaries and the lines are in the order of their times. Bisects: a
 * number of reads that grows with the logarithm of the range. Malformed lines are passed over.
 */
export function firstLineFrom(
  source: ByteSource,
  format: LogFormat,
  t: Instant,
  from: number,
  to: number,
): number {
  return new TimeSearch(source, format, to).firstLine(
    from,
    (line) => compareInstants(line, t) >= 0,
  );
}

/**
 * The end of the last final line with a time at or before `t` in [from, to): where a stream with
 * that stop time ends. `from` if there is none.
 */
export function endOfFinalLines(
  source: ByteSource,
  format: LogFormat,
  t: Instant,
  from: number,
  to: number,
): number {
  const search = new TimeSearch(source, format, to);
  const later = search.firstLine(from, (line) => compareInstants(line, t) > 0);
  return search.lastFinalEnd(from, later);
}

/** Looks lines up by offset, through one window of bytes. */
class TimeSearch {
  readonly #source: ByteSource;
  readonly #to: number;
  readonly #parser: LineParser;
  #window = new Uint8Array(WINDOW);
  /** The window holds the bytes [#start, #end) of the source. */
  #start = 0;
  #end = 0;

  constructor(source: ByteSource, format: LogFormat, to: number) {
    this.#source = source;
    this.#to = to;
    this.#parser = format === "docker" ? new DockerParser() : new CriParser();
  }

  /**
   * The offset of the first line for which `holds` is true, where it is false for all lines before
   * some point and true for all from there on.
   */
  firstLine(from: number, holds: (line: Instant) => boolean): number {
    let found = this.#to;
    // Every good line that begins before `low` fails; every one that begins in [high, found) is
    // malformed. `low` is a line start, `high` may be any offset.
    let low = from;
    let high = this.#to;
    while (high - low > 2 * WINDOW) {
      const middle = low + Math.floor((high - low) / 2);
      const line = this.#goodLine(this.#lineEnd(middle - 1), high);
      if (line === null) {
        high = middle;
      } else if (holds(this.#parser)) {
        found = line.start;
        high = middle;
      } else {
        low = line.next;
      }
    }
    for (;;) {
      const line = this.#goodLine(low, high);
      if (line === null) return found;
      if (holds(this.#parser)) return line.start;
      low = line.next;
    }
  }

  /** The end (past its LF) of the last good and final line that begins in [from, before). */
  lastFinalEnd(from: number, before: number): number {
    let end = before;
    while (end > from) {
      const start = this.#lineStart(from, end);
      const line = this.#goodLine(start, end);
      if (line !== null && this.#parser.isFinal) return end;
      end = start;
    }
    return from;
  }

  /**
   * The first good line that begins at the line start `at` or later, before `before`. Its parts are
   * in the parser.
   */
  #goodLine(at: number, before: number): { start: number; next: number } | null {
    let start = at;
    while (start < before && start < this.#to) {
      const next = this.#lineEnd(start);
      this.#load(start, next);
      // A file that became shorter leaves old bytes in the window: none past #end.
      const end = Math.min(next, this.#end) - this.#start;
      const last = this.#window[end - 1] === LF ? end - 1 : end;
      if (start < this.#end && this.#parser.parse(this.#window, start - this.#start, last)) {
        return { start, next };
      }
      start = next;
    }
    return null;
  }

  /** The offset past the first LF at or after `at`, or the end of the range. */
  #lineEnd(at: number): number {
    let p = at;
    while (p < this.#to) {
      if (p < this.#start || p >= this.#end) this.#load(p, Math.min(p + WINDOW, this.#to));
      if (p >= this.#end) return this.#to; // the file has become shorter
      const lf = this.#window.subarray(0, this.#end - this.#start).indexOf(LF, p - this.#start);
      if (lf >= 0) return this.#start + lf + 1;
      p = this.#end;
    }
    return this.#to;
  }

  /** The start of the line that ends at `end` (past its LF). */
  #lineStart(from: number, end: number): number {
    let p = end - 1; // its own LF, or the last byte
    while (p > from) {
      const low = Math.max(from, p - WINDOW);
      this.#load(low, p);
      const lf = this.#window.subarray(0, p - this.#start).lastIndexOf(LF);
      if (lf >= 0 && this.#start + lf >= low) return this.#start + lf + 1;
      p = low;
    }
    return from;
  }

  /** Makes the window hold [from, to), as far as the source has it. */
  #load(from: number, to: number): void {
    if (from >= this.#start && to <= this.#end) return;
    const length = Math.max(to - from, Math.min(WINDOW, this.#to - from));
    if (length > this.#window.length) this.#window = new Uint8Array(length * 2);
    let filled = 0;
    while (filled < length) {
      const got = this.#source.readAt(from + filled, this.#window.subarray(filled, length));
      if (got <= 0) break;
      filled += got;
    }
    this.#start = from;
    this.#end = from + filled;
  }
}
