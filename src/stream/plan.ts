import { endOfFinalLines, firstLineFrom } from "../scan/time_window.ts";
import type { Instant } from "../scan/instant.ts";
import type { LogSource as OpenSource } from "../files/log_file.ts";
import type { Direction } from "../scan/scan.ts";

/** An open log, or a part of one, that pieces can be cut from; whoever opened it closes it. */
export type LogSource = Omit<OpenSource, typeof Symbol.dispose>;

/** The bytes of one source that a request wants: [from, to) at line boundaries. */
export interface LogRange {
  readonly source: LogSource;
  readonly from: number;
  readonly to: number;
}

/** Both ends inclusive; null: open. */
export interface TimeWindow {
  readonly start: Instant | null;
  readonly stop: Instant | null;
}

/**
 * Where in the sources (oldest first) the wanted lines lie, oldest range first. Log lines are taken
 * to be in time order. With a stop, the last range ends at the last final line at or before it:
 * parts of a line that was not finished by then are left out.
 */
export function planRanges(
  sources: readonly { source: LogSource; size: number }[],
  window: TimeWindow,
): LogRange[] {
  const ranges: LogRange[] = [];
  let stop = window.stop;
  for (const { source, size } of sources.toReversed()) {
    const from = window.start === null
      ? 0
      : firstLineFrom(source, source.format, window.start, 0, size);
    let to = size;
    if (stop !== null) {
      to = endOfFinalLines(source, source.format, stop, 0, size);
      // Once a final line is found, everything before it is wanted, older sources to their ends.
      if (to > 0) stop = null;
    }
    if (from < to) ranges.unshift({ source, from, to });
    // The window begins within this source, so all older ones lie before it.
    if (from > 0 && from < size) break;
  }
  return ranges;
}

/** The first pieces are small, so that a page's first records do not wait for more. */
const FIRST_PIECE_BYTES = 64 * 1024;
const GROWTH = 2;

/**
 * Cuts one range into pieces in the order of the direction. A piece is where lines begin: its
 * lines may end beyond it. Pieces grow towards maxBytes, and shrink again while their results
 * are larger than targetBytes, so that dense and rare hits alike give results of a good size.
 */
export class PieceCutter {
  #from: number;
  #to: number;
  #size = FIRST_PIECE_BYTES;
  #small: number;
  readonly #direction: Direction;
  readonly #maxBytes: number;
  readonly #targetBytes: number;

  constructor(
    range: { readonly from: number; readonly to: number },
    options: { direction: Direction; maxBytes: number; targetBytes: number; smallPieces: number },
  ) {
    this.#from = range.from;
    this.#to = range.to;
    this.#direction = options.direction;
    this.#maxBytes = options.maxBytes;
    this.#targetBytes = options.targetBytes;
    this.#small = options.smallPieces;
  }

  /** The next piece's bounds, null when the range is used up. */
  next(): { from: number; to: number } | null {
    if (this.#from >= this.#to) return null;
    const size = Math.min(this.#size, this.#to - this.#from);
    if (this.#small > 1) this.#small--;
    else {
      this.#size = Math.min(this.#size * GROWTH, this.#maxBytes);
    }
    if (this.#direction === "forward") {
      const from = this.#from;
      this.#from += size;
      return { from, to: this.#from };
    }
    const to = this.#to;
    this.#to -= size;
    return { from: this.#to, to };
  }

  /** Learns from a scanned piece how much of the log makes a result of the wanted size. */
  learn(scannedBytes: number, frameBytes: number): void {
    if (frameBytes === 0 || scannedBytes === 0) return;
    const fitting = Math.floor(this.#targetBytes * scannedBytes / frameBytes);
    if (fitting < this.#size) this.#size = Math.max(fitting, FIRST_PIECE_BYTES);
  }
}
