import type { ByteSource } from "./byte_source.ts";
import type { LogFormat } from "./format.ts";
import type { Instant } from "./instant.ts";
import { isBehind, ProbeOrder } from "./probe_order.ts";
import {
  BLOCK_BYTES,
  type Breathe,
  PROBE_BYTES,
  type SearchRange,
  SourceWindow,
} from "./source_window.ts";
import { MAX_STEP_LINES, type TimedLine, TimedLines } from "./timed_lines.ts";

const LF = 0x0a;

/** Finds lines by their times. Created by the functions of time_search.ts for one search. */
export class TimeBisection {
  readonly #window: SourceWindow;
  readonly #lines: TimedLines;

  constructor(source: ByteSource, format: LogFormat, range: SearchRange, breathe: Breathe) {
    this.#window = new SourceWindow(source, range, breathe);
    this.#lines = new TimedLines(this.#window, format);
  }

  /** The time of the first line that has one. */
  async head(): Promise<Instant | null> {
    const { from, to } = this.#window;
    return await this.#lines.next(from, to) === null ? null : this.#lines.time;
  }

  /**
   * The offset of the first line for which `holds` is true, provided that it is false for all lines before some point
   * and true for all lines from there on, apart from slight disorder. Null if the probes contradict that.
   */
  async firstLine(holds: (line: Instant) => boolean): Promise<number | null> {
    const window = this.#window;
    const lines = this.#lines;
    const { from, to } = window;
    const order = new ProbeOrder();
    let found = to;
    // Every good line that begins before `low` fails, and every one in [high, found) is malformed. `low` is a line
    // start, `high` may be any offset.
    let low = from;
    let high = to;
    const first = await lines.next(low, high);
    if (first === null) return to;
    order.add(lines.time, holds(lines.time));
    const last = this.#lastTime();
    if (last !== null && isBehind(last, lines.time)) return null;
    while (high - low > 2 * PROBE_BYTES) {
      const middle = low + Math.floor((high - low) / 2);
      const start = await window.lineAfter(middle - 1, high);
      const line = await lines.next(start, high);
      if (line === null) {
        high = middle;
        continue;
      }
      const passes = holds(lines.time);
      if (!order.add(lines.time, passes)) return null;
      if (passes) {
        found = line.start;
        high = middle;
      } else {
        low = await window.lineAfter(line.content, to);
      }
    }
    for (;;) {
      const line = await lines.next(low, high);
      if (line === null) return found;
      const passes = holds(lines.time);
      if (low > from && !order.add(lines.time, passes)) return null;
      if (passes) {
        // At the beginning, a line ahead of its time can be recognized only by the lines after it.
        return low > from || await this.#isInOrder(line) ? line.start : null;
      }
      low = await window.lineAfter(line.content, to);
    }
  }

  /** Whether the lines that follow the first one, as many as a probe or two read, are not behind it. */
  async #isInOrder(first: TimedLine): Promise<boolean> {
    const window = this.#window;
    const { time } = this.#lines;
    const end = Math.min(first.start + 2 * PROBE_BYTES, window.to);
    for (let at = await window.lineAfter(first.content, end); at < end;) {
      const line = await this.#lines.next(at, end);
      if (line === null) return true;
      if (isBehind(this.#lines.time, time)) return false;
      at = await window.lineAfter(line.content, end);
    }
    return true;
  }

  /** The time of the last good line, if one probe shows it. */
  #lastTime(): Instant | null {
    const window = this.#window;
    const { parser } = this.#lines;
    const low = Math.max(window.from, window.to - PROBE_BYTES);
    const available = window.load(low, window.to - low);
    const at = window.indexOf(low);
    const bytes = window.bytes.subarray(at, at + available);
    const lf = bytes.indexOf(LF);
    if (low > window.from && lf < 0) return null;
    const begin = low === window.from ? 0 : lf + 1;
    for (let to = bytes.length; to > begin;) {
      const start = to < 2 ? 0 : Math.max(begin, bytes.lastIndexOf(LF, to - 2) + 1);
      const end = bytes[to - 1] === LF ? to - 1 : to;
      if (parser.parse(bytes, start, end)) {
        return { seconds: parser.seconds, nanos: parser.nanos };
      }
      to = start;
    }
    return null;
  }

  /**
   * The end (after its LF) of the last good and final line before `before` that is wanted; the beginning of the range
   * if there is none.
   */
  async lastFinalEnd(before: number, isWanted: (line: Instant) => boolean): Promise<number> {
    const window = this.#window;
    const lines = this.#lines;
    const { parser } = lines;
    const { from } = window;
    let end = before;
    while (end > from) {
      const low = Math.max(from, end - BLOCK_BYTES);
      window.load(low, end - low);
      if (window.end < end) {
        // The file has become shorter.
        end = window.end > low ? window.end : low;
        continue;
      }
      const bytes = window.bytes.subarray(0, end - low);
      const lf = low === from ? -1 : bytes.indexOf(LF);
      if (low !== from && (lf < 0 || lf === bytes.length - 1)) {
        const start = await window.lineStart(low);
        const line = await lines.at(start, end);
        if (line !== null && lines.isFinal && isWanted(lines.time)) return end;
        end = start;
        continue;
      }
      let to = bytes.length;
      for (let count = 1; to > lf + 1; count++) {
        const start = to < 2 ? 0 : Math.max(lf, bytes.lastIndexOf(LF, to - 2)) + 1;
        const last = bytes[to - 1] === LF ? to - 1 : to;
        const isGood = parser.parse(bytes, start, last);
        if (isGood && parser.isFinal && isWanted(parser)) return low + to;
        to = start;
        if (count % MAX_STEP_LINES === 0) await window.breathe();
      }
      end = low + lf + 1;
      await window.breathe();
    }
    return from;
  }
}
