import type { AppendedRange } from "../files/appended_range.ts";
import type { Instant } from "../scan/instant.ts";
import type { Breathe } from "../scan/source_window.ts";
import { hasLaterLine, windowEnd, windowStart } from "../scan/time_search.ts";
import type { LogRange, LogSource, TimeWindow } from "./plan.ts";

/** How many bytes of an unfinished line are held back; beyond that, its parts are delivered as they are. */
const MAX_HELD_BYTES = 1024 * 1024;

/** The part of an appended range that is in the window, in order; `over` if nothing after it will be. */
export interface WindowedLines {
  readonly parts: readonly LogRange[];
  readonly over: boolean;
}

/**
 * Restricts the ranges of a followed log to a time window. It is over as soon as a line later than the stop appears.
 * Parts (P) before the stop wait for the final line (F) that ends them, and are omitted if it does not come in time.
 * Owned by one FollowStream.
 */
export class FollowWindow {
  /** Null as soon as the window has begun. */
  #start: Instant | null;
  /** Null: open at both ends. */
  readonly #window: TimeWindow | null;
  #held = new HeldParts();

  constructor(window: TimeWindow) {
    this.#start = window.start;
    this.#window = window.start === null && window.stop === null ? null : window;
  }

  /** Whether every line passes unchanged. */
  get isOpen(): boolean {
    return this.#window === null;
  }

  /**
   * @param lines the range, or a part of it that is in memory
   * @param options.isIntact called after reading: false if the bytes that were read are not the range's
   * @returns null if it is not intact
   */
  async cut(
    { source, from, to }: LogRange,
    { isIntact, breathe }: { readonly isIntact: () => boolean; readonly breathe: Breathe },
  ): Promise<WindowedLines | null> {
    const { format } = source;
    const window = this.#window;
    // Finding times would require inflating here; a worker omits the records outside the window.
    if (source.compressed !== undefined) {
      if (!isIntact()) return null;
      return { parts: [...this.#held.release(), { source, from, to, window }], over: false };
    }
    const stop = window?.stop ?? null;
    const begin = this.#start === null
      ? from
      : await windowStart(source, format, this.#start, { from, to }, breathe);
    const rest = { from: begin, to };
    const end = stop === null ? to : await windowEnd(source, format, stop, rest, breathe);
    const over = stop !== null && await hasLaterLine(source, format, stop, rest, breathe);
    const heldBytes = (end > begin ? 0 : this.#held.bytes) + to - end;
    // Data that is not held back need not be in memory, however large it is.
    const mayHold = stop !== null && !over && begin < to && heldBytes <= MAX_HELD_BYTES;
    const held = mayHold ? inMemory(source, end, to) : null;
    if (!isIntact()) return null;
    if (begin === to) return { parts: [], over: false };
    this.#start = null;
    const parts: LogRange[] = [];
    if (end > begin) parts.push(...this.#held.release(), { source, from: begin, to: end, window });
    if (held !== null) this.#held.hold({ ...held, window });
    else if (stop !== null && !over && end < to) {
      parts.push(...this.#held.release(), { source, from: end, to, window });
    }
    return { parts, over };
  }
}

/** The lines of a range in memory, at their offsets in the file. */
export function linesInMemory(range: AppendedRange, bytes: Uint8Array): LogRange {
  return {
    source: memorySource(range.source, range.from, bytes),
    from: range.from,
    to: range.from + bytes.length,
  };
}

/** Parts of a line, kept as bytes: the file that contained them may be rotated away before the line ends. */
class HeldParts {
  #parts: LogRange[] = [];
  #bytes = 0;

  /** How many bytes are held now. */
  get bytes(): number {
    return this.#bytes;
  }

  hold(part: LogRange): void {
    if (part.from < part.to) this.#parts.push(part);
    this.#bytes += part.to - part.from;
  }

  release(): LogRange[] {
    const parts = this.#parts;
    this.#parts = [];
    this.#bytes = 0;
    return parts;
  }
}

function inMemory(source: LogSource, from: number, to: number): LogRange {
  const bytes = new Uint8Array(to - from);
  const length = source.readAt(from, bytes);
  return { source: memorySource(source, from, bytes.subarray(0, length)), from, to: from + length };
}

/** A source without a file, so that no worker opens the path. */
function memorySource(of: LogSource, offset: number, bytes: Uint8Array): LogSource {
  return {
    path: of.path,
    dev: null,
    ino: null,
    format: of.format,
    size: offset + bytes.length,
    readAt(at, into) {
      const part = bytes.subarray(at - offset, at - offset + into.length);
      into.set(part);
      return part.length;
    },
  };
}
