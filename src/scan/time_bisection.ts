import type { ByteSource } from "./byte_source.ts";
import { CriParser } from "./cri.ts";
import { DockerParser } from "./docker.ts";
import { DockerTail } from "./docker_tail.ts";
import type { LogFormat } from "./format.ts";
import { compareInstants, type Instant } from "./instant.ts";
import { MAX_HEADER_BYTES } from "./line_policy.ts";
import { firstNonNul, type LineParser } from "./lines.ts";

/**
 * Called between two steps of a search, which take well under a millisecond each. Returns a promise where others are to
 * have their turn now.
 */
export type Breathe = () => Promise<void> | null;

/** Where in a source to search: offsets in bytes, at line boundaries. */
export interface SearchRange {
  readonly from: number;
  readonly to: number;
}

/** Lines may be out of order by so much, seconds: stdout and stderr are stamped apart. */
export const DISORDER_SECONDS = 1;
const LF = 0x0a;
/** What a probe into the log reads, bytes; below twice this, lines are read in a row. */
const PROBE_BYTES = 4096;
/** What is read at a time in a row. */
const BLOCK_BYTES = 256 * 1024;
/** Of a longer Docker line, only the end is read for its time. */
const MAX_DOCKER_BYTES = BLOCK_BYTES;

interface Line {
  readonly start: number;
  /** Where its time was found: the first byte after its NULs. */
  readonly content: number;
}

/** Finds lines by their times, through one window of bytes. Made by the functions of time_search.ts for one search. */
export class TimeBisection {
  readonly #source: ByteSource;
  readonly #from: number;
  readonly #to: number;
  readonly #breathe: Breathe;
  readonly #parser: LineParser;
  readonly #tail: DockerTail | null;
  /** The time of the line found last. */
  #time: Instant = { seconds: 0, nanos: 0 };
  #isFinal = false;
  #bytes = new Uint8Array(PROBE_BYTES);
  /** #bytes holds the bytes [#start, #end) of the source. */
  #start = 0;
  #end = 0;

  constructor(source: ByteSource, format: LogFormat, range: SearchRange, breathe: Breathe) {
    this.#source = source;
    this.#from = range.from;
    this.#to = range.to;
    this.#breathe = breathe;
    this.#parser = format === "docker" ? new DockerParser() : new CriParser();
    this.#tail = format === "docker" ? new DockerTail() : null;
  }

  async head(): Promise<Instant | null> {
    return await this.#goodLine(this.#from, this.#to) === null ? null : this.#time;
  }

  /**
   * The offset of the first line for which `holds` is true, where it is false for all lines before some point and true
   * for all from there on, but for a little disorder. Null where the probes contradict that.
   */
  async firstLine(holds: (line: Instant) => boolean): Promise<number | null> {
    const order = new Order();
    let found = this.#to;
    // Every good line that begins before `low` fails, and every one in [high, found) is malformed. `low` is a line
    // start, `high` may be any offset.
    let low = this.#from;
    let high = this.#to;
    const first = await this.#goodLine(low, high);
    if (first === null) return this.#to;
    order.add(this.#time, holds(this.#time));
    const last = this.#lastTime();
    if (last !== null && isBehind(last, this.#time)) return null;
    while (high - low > 2 * PROBE_BYTES) {
      const middle = low + Math.floor((high - low) / 2);
      const start = await this.#lineAfter(middle - 1, high);
      const line = await this.#goodLine(start, high);
      if (line === null) {
        high = middle;
        continue;
      }
      const passes = holds(this.#time);
      if (!order.add(this.#time, passes)) return null;
      if (passes) {
        found = line.start;
        high = middle;
      } else {
        low = await this.#lineAfter(line.content, this.#to);
      }
    }
    for (;;) {
      const line = await this.#goodLine(low, high);
      if (line === null) return found;
      const passes = holds(this.#time);
      if (low > this.#from && !order.add(this.#time, passes)) return null;
      if (passes) {
        // At the beginning, a line ahead of its time shows only by those behind it.
        return low > this.#from || await this.#isInOrder(line) ? line.start : null;
      }
      low = await this.#lineAfter(line.content, this.#to);
    }
  }

  /** Are the lines that follow the first one, as many as a probe or two read, not behind it? */
  async #isInOrder(first: Line): Promise<boolean> {
    const time = this.#time;
    const end = Math.min(first.start + 2 * PROBE_BYTES, this.#to);
    for (let at = await this.#lineAfter(first.content, end); at < end;) {
      const line = await this.#goodLine(at, end);
      if (line === null) return true;
      if (isBehind(this.#time, time)) return false;
      at = await this.#lineAfter(line.content, end);
    }
    return true;
  }

  /** The time of the last good line, where one probe shows it. */
  #lastTime(): Instant | null {
    const low = Math.max(this.#from, this.#to - PROBE_BYTES);
    const available = this.#load(low, this.#to - low);
    const bytes = this.#bytes.subarray(low - this.#start, low - this.#start + available);
    const lf = bytes.indexOf(LF);
    if (low > this.#from && lf < 0) return null;
    const begin = low === this.#from ? 0 : lf + 1;
    for (let to = bytes.length; to > begin;) {
      const start = to < 2 ? 0 : Math.max(begin, bytes.lastIndexOf(LF, to - 2) + 1);
      const end = bytes[to - 1] === LF ? to - 1 : to;
      if (this.#parser.parse(bytes, start, end)) {
        return { seconds: this.#parser.seconds, nanos: this.#parser.nanos };
      }
      to = start;
    }
    return null;
  }

  /** The end (past its LF) of the last good and final line before `before` that is wanted; #from where there is none. */
  async lastFinalEnd(before: number, isWanted: (line: Instant) => boolean): Promise<number> {
    let end = before;
    while (end > this.#from) {
      const low = Math.max(this.#from, end - BLOCK_BYTES);
      this.#load(low, end - low);
      if (this.#end < end) {
        // The file has become shorter.
        end = this.#end > low ? this.#end : low;
        continue;
      }
      const bytes = this.#bytes.subarray(0, end - low);
      const lf = low === this.#from ? -1 : bytes.indexOf(LF);
      if (low !== this.#from && (lf < 0 || lf === bytes.length - 1)) {
        const start = await this.#lineStart(low);
        const line = await this.#parseAt(start, end);
        if (line !== null && this.#isFinal && isWanted(this.#time)) return end;
        end = start;
        continue;
      }
      let to = bytes.length;
      while (to > lf + 1) {
        const start = to < 2 ? 0 : Math.max(lf, bytes.lastIndexOf(LF, to - 2)) + 1;
        const last = bytes[to - 1] === LF ? to - 1 : to;
        const isGood = this.#parser.parse(bytes, start, last);
        if (isGood && this.#parser.isFinal && isWanted(this.#parser)) return low + to;
        to = start;
      }
      end = low + lf + 1;
      await this.#breathe();
    }
    return this.#from;
  }

  /**
   * The first good line that begins at the line start `at` or later, before `before`. Its time is in #time.
   */
  async #goodLine(at: number, before: number): Promise<Line | null> {
    let start = at;
    while (start < before && start < this.#to) {
      const line = await this.#parseAt(start, this.#to);
      if (line !== null) return line;
      start = await this.#lineAfter(start, this.#to);
    }
    return null;
  }

  /** Parses the line that begins at `start`, as far as needed for its time. Null: it is malformed. */
  async #parseAt(start: number, to: number): Promise<Line | null> {
    const content = await this.#afterNuls(start, to);
    if (content >= to) return null;
    if (this.#tail !== null) return await this.#parseDocker(this.#tail, { start, content }, to);
    const available = this.#load(content, Math.min(MAX_HEADER_BYTES, to - content));
    if (available === 0) return null;
    const offset = content - this.#start;
    const lf = this.#bytes.subarray(0, offset + available).indexOf(LF, offset);
    if (!this.#parser.parse(this.#bytes, offset, lf < 0 ? offset + available : lf)) return null;
    this.#take(this.#parser);
    return { start, content };
  }

  async #parseDocker(tail: DockerTail, line: Line, to: number): Promise<Line | null> {
    const { content } = line;
    const next = await this.#lineAfter(content, to);
    const length = next - content;
    const from = Math.max(content, next - MAX_DOCKER_BYTES);
    const available = this.#load(from, next - from);
    if (available < next - from) return null;
    const begin = from - this.#start;
    const last = begin + available;
    const end = this.#bytes[last - 1] === LF ? last - 1 : last;
    if (length <= MAX_DOCKER_BYTES) {
      if (!this.#parser.parse(this.#bytes, begin, end)) return null;
      this.#take(this.#parser);
    } else {
      if (!tail.parse(this.#bytes, begin, end)) return null;
      this.#take(tail);
    }
    return line;
  }

  #take(of: { seconds: number; nanos: number; isFinal: boolean }): void {
    this.#time = { seconds: of.seconds, nanos: of.nanos };
    this.#isFinal = of.isFinal;
  }

  /** The offset of the first byte at or after `at` that is not NUL. */
  async #afterNuls(at: number, to: number): Promise<number> {
    for (let offset = at; offset < to;) {
      const available = this.#load(offset, Math.min(PROBE_BYTES, to - offset));
      if (available === 0) return to;
      const begin = offset - this.#start;
      const held = this.#bytes.subarray(begin, this.#end - this.#start);
      const found = firstNonNul(held);
      if (found < held.length) return offset + found;
      offset += held.length;
      await this.#breathe();
    }
    return to;
  }

  /** The offset past the first LF at or after `at`; `before` where there is none. */
  async #lineAfter(at: number, before: number): Promise<number> {
    for (let offset = at; offset < before;) {
      const available = this.#load(offset, Math.min(PROBE_BYTES, before - offset));
      if (available === 0) return before; // the file has become shorter
      const begin = offset - this.#start;
      const held = this.#bytes.subarray(0, this.#end - this.#start);
      const lf = held.indexOf(LF, begin);
      if (lf >= 0) return Math.min(this.#start + lf + 1, before);
      offset = this.#end;
      await this.#breathe();
    }
    return before;
  }

  /** The start of the line that continues at `end`. */
  async #lineStart(end: number): Promise<number> {
    for (let to = end; to > this.#from;) {
      const low = Math.max(this.#from, to - BLOCK_BYTES);
      const available = this.#load(low, to - low);
      const lf = this.#bytes.subarray(0, Math.min(available, to - low)).lastIndexOf(LF);
      if (lf >= 0) return low + lf + 1;
      to = low;
      await this.#breathe();
    }
    return this.#from;
  }

  /**
   * Makes the window hold [from, from + length), as far as the source has it, and returns how many of these bytes it
   * holds. Reading in a row, it takes more at a time.
   */
  #load(from: number, length: number): number {
    if (from < this.#start || from + length > this.#end) {
      const inARow = from > this.#start && from <= this.#end;
      const block = inARow ? Math.min(2 * (this.#end - this.#start), BLOCK_BYTES) : PROBE_BYTES;
      const wanted = Math.min(Math.max(length, block), this.#to - from);
      if (wanted > this.#bytes.length) this.#bytes = new Uint8Array(wanted);
      this.#start = from;
      this.#end = from + this.#source.readAt(from, this.#bytes.subarray(0, wanted));
    }
    return Math.max(0, Math.min(length, this.#end - from));
  }
}

/**
 * Whether what the probes have found agrees with lines in order. Those that fail come from left to right, those that
 * pass from right to left.
 */
class Order {
  #failed: Instant | null = null;
  #passed: Instant | null = null;
  #first: Instant | null = null;

  /** False: this probe contradicts the ones before it. */
  add(time: Instant, passes: boolean): boolean {
    if (this.#first === null) {
      this.#first = time;
      if (!passes) this.#failed = time;
      return true;
    }
    if (isBehind(time, this.#first)) return false;
    if (passes) {
      if (this.#passed !== null && isBehind(this.#passed, time)) return false;
      this.#passed = time;
    } else {
      if (this.#failed !== null && isBehind(time, this.#failed)) return false;
      this.#failed = time;
    }
    return true;
  }
}

/** Is `a` earlier than `b` by more than lines may be out of order? */
function isBehind(a: Instant, b: Instant): boolean {
  return compareInstants({ seconds: a.seconds + DISORDER_SECONDS, nanos: a.nanos }, b) < 0;
}
