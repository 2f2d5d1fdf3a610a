import { DockerTail } from "./docker_tail.ts";
import type { LogFormat } from "./format.ts";
import type { Instant } from "./instant.ts";
import { lineParser } from "./line_parser.ts";
import { MAX_HEADER_BYTES } from "./line_policy.ts";
import { afterNuls, type LineParser } from "./lines.ts";
import { BLOCK_BYTES, type SourceWindow } from "./source_window.ts";

const LF = 0x0a;
/** Of a longer Docker line, only the end is read to find its time. */
const MAX_DOCKER_BYTES = BLOCK_BYTES;

/** How many lines are read between two turns of the event loop, which takes a millisecond or two. */
export const MAX_STEP_LINES = 4096;

/** A line whose time was found. */
export interface TimedLine {
  readonly start: number;
  /** The first byte after its NULs. */
  readonly content: number;
}

/**
 * Reads the times of lines through a window, and only as much of each line as necessary. Created by a search for its
 * own use.
 */
export class TimedLines {
  readonly #window: SourceWindow;
  readonly #tail: DockerTail | null;
  /** For lines that are held whole. */
  readonly parser: LineParser;
  /** The time of the most recently found line. */
  time: Instant = { seconds: 0, nanos: 0 };
  /** Whether that line is final. */
  isFinal = false;

  constructor(window: SourceWindow, format: LogFormat) {
    this.#window = window;
    this.parser = lineParser(format);
    this.#tail = format === "docker" ? new DockerTail() : null;
  }

  /** The first good line that begins at the line start `at` or later, and before `before`. */
  async next(at: number, before: number): Promise<TimedLine | null> {
    const window = this.#window;
    let start = at;
    while (start < before && start < window.to) {
      const line = await this.at(start, window.to);
      if (line !== null) return line;
      start = this.#passMalformed(await window.lineAfter(start, window.to));
      await window.breathe();
    }
    return null;
  }

  /** Skips malformed lines at `start` that are held, and returns where the next line begins. */
  #passMalformed(start: number): number {
    const window = this.#window;
    const { bytes } = window;
    let at = window.indexOf(start);
    if (at < 0) return start;
    for (let count = 0; count < MAX_STEP_LINES; count++) {
      while (bytes[at] === LF) at++;
      const lf = bytes.indexOf(LF, at);
      if (lf < 0) break;
      const content = afterNuls(bytes, at, lf);
      if (content < lf && this.parser.parse(bytes, content, lf)) break;
      at = lf + 1;
    }
    return start + at - window.indexOf(start);
  }

  /** The line that begins at `start`, read as far as needed for its time. Null: it is malformed. */
  async at(start: number, to: number): Promise<TimedLine | null> {
    const window = this.#window;
    const content = await window.afterNuls(start, to);
    if (content >= to) return null;
    if (this.#tail !== null) return await this.#docker(this.#tail, { start, content }, to);
    const available = window.load(content, Math.min(MAX_HEADER_BYTES, to - content));
    if (available === 0) return null;
    const offset = window.indexOf(content);
    const { bytes } = window;
    const lf = bytes.subarray(0, offset + available).indexOf(LF, offset);
    if (!this.parser.parse(bytes, offset, lf < 0 ? offset + available : lf)) return null;
    this.#take(this.parser);
    return { start, content };
  }

  async #docker(tail: DockerTail, line: TimedLine, to: number): Promise<TimedLine | null> {
    const window = this.#window;
    const { content } = line;
    const next = await window.lineAfter(content, to);
    const length = next - content;
    const from = Math.max(content, next - MAX_DOCKER_BYTES);
    const available = window.load(from, next - from);
    if (available < next - from) return null;
    const begin = window.indexOf(from);
    const last = begin + available;
    const { bytes } = window;
    const end = bytes[last - 1] === LF ? last - 1 : last;
    if (length <= MAX_DOCKER_BYTES) {
      if (!this.parser.parse(bytes, begin, end)) return null;
      this.#take(this.parser);
    } else {
      if (!tail.parse(bytes, begin, end)) return null;
      this.#take(tail);
    }
    return line;
  }

  #take(of: { seconds: number; nanos: number; isFinal: boolean }): void {
    this.time = { seconds: of.seconds, nanos: of.nanos };
    this.isFinal = of.isFinal;
  }
}
