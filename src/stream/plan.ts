import type { FileIdentity, LogSource as OpenSource } from "../files/log_file.ts";
import type { ScanPool } from "../pool/pool.ts";
import type { ByteSource } from "../scan/byte_source.ts";
import { compareInstants, type Instant } from "../scan/instant.ts";
import type { Direction } from "../scan/scan.ts";
import { firstTime, windowEnd, windowStart } from "../scan/time_search.ts";
import type { TimeWindow } from "../scan/time_window.ts";
import { loopTurns } from "./loop_turns.ts";

export type { TimeWindow };

/** An open log, or a part of one, that pieces can be cut from; whoever opened it closes it. */
export type LogSource = Omit<OpenSource, typeof Symbol.dispose>;

/** The bytes of one source that a request wants: [from, to) at line boundaries. */
export interface LogRange {
  readonly source: LogSource;
  readonly from: number;
  readonly to: number;
  /** Records with other times are left out. */
  readonly window?: TimeWindow | null;
}

/** The end of a source whose size is not known: reading tells. */
export const UNKNOWN_SIZE = Number.MAX_SAFE_INTEGER;

export interface PlanOptions {
  readonly direction: Direction;
  readonly signal: AbortSignal;
  /** Inflates compressed sources. */
  readonly pool: ScanPool;
  readonly stream: object;
  readonly user?: string;
}

/** A source, and how much of it is read; of a compressed one UNKNOWN_SIZE. */
export interface SizedSource {
  readonly source: LogSource;
  /** Bytes. */
  readonly size: number;
}

/**
 * Where in the sources (oldest first) the wanted lines lie, in the order of the direction. A source is searched when its
 * turn comes, the newest first where order allows it: what nobody asks for is not searched. Lines are taken to be in
 * time order but for a second. With a stop, the ranges end at the last final line at or before it: parts of a line that
 * was not finished by then are left out.
 */
export async function* planRanges(
  sources: readonly SizedSource[],
  window: TimeWindow,
  options: PlanOptions,
): AsyncGenerator<LogRange, void> {
  const { direction } = options;
  const planner = new Planner(window, options);
  const newestFirst = sources.toReversed();
  if (direction === "backward") {
    for (const sized of newestFirst) {
      const { range, isOldest } = await planner.range(sized);
      if (range !== null) yield range;
      if (isOldest) return;
    }
    return;
  }
  // Forward, where to begin and where to end is known only from behind.
  const ranges: (LogRange | SizedSource)[] = [];
  for (const sized of newestFirst) {
    if (planner.isWanted) {
      ranges.push(sized);
      if (await planner.beginsBefore(sized)) break;
      continue;
    }
    const { range, isOldest } = await planner.range(sized);
    if (range !== null) ranges.push(range);
    if (isOldest) break;
  }
  for (const one of ranges.reverse()) {
    const range = "from" in one ? one : (await planner.range(one)).range;
    if (range !== null) yield range;
  }
}

/** Plans the sources of one log, the newest first. */
class Planner {
  readonly #window: TimeWindow;
  readonly #options: PlanOptions;
  readonly #breathe: () => Promise<void> | null;
  /** The stop, until the last final line before it is found: from there on all lines are wanted. */
  #stop: Instant | null;

  constructor(window: TimeWindow, options: PlanOptions) {
    this.#window = window;
    this.#options = options;
    this.#stop = window.stop;
    this.#breathe = loopTurns(options.signal);
  }

  /** Are the sources that are left wanted to their ends? */
  get isWanted(): boolean {
    return this.#stop === null;
  }

  /** What is wanted of a source (null: nothing), and whether all older ones lie before the window. */
  async range(
    sized: SizedSource,
  ): Promise<{ readonly range: LogRange | null; readonly isOldest: boolean }> {
    const { source, size } = sized;
    const { start, stop } = this.#window;
    const window = start === null && stop === null ? null : this.#window;
    const { from, to } = source.compressed === undefined
      ? await this.#locate(source, size)
      : await this.#locateCompressed(source, source.compressed);
    if (to > 0) this.#stop = null;
    const isOldest = await this.beginsBefore(sized);
    return { range: from < to ? { source, from, to, window } : null, isOldest };
  }

  async #locate(source: LogSource, size: number): Promise<{ from: number; to: number }> {
    const { start } = this.#window;
    let to = size;
    if (this.#stop !== null) {
      const whole = { from: 0, to: size };
      to = await windowEnd(source, source.format, this.#stop, whole, this.#breathe);
    }
    let from = 0;
    if (start !== null && to > 0) {
      from = await windowStart(source, source.format, start, { from, to }, this.#breathe);
    }
    return { from, to };
  }

  /** Read forward, a compressed source need not be inflated before it is read. */
  async #locateCompressed(
    source: LogSource,
    compressed: FileIdentity,
  ): Promise<{ from: number; to: number }> {
    const { start } = this.#window;
    const { direction, pool } = this.#options;
    if (direction === "forward" && start === null && this.#stop === null) {
      return { from: 0, to: UNKNOWN_SIZE };
    }
    const window = { start, stop: this.#stop };
    return await pool.locate({ source, compressed, format: source.format, window }, this.#options);
  }

  /** Does the source begin before the window, by more than lines may be out of order? */
  async beginsBefore({ source, size }: SizedSource): Promise<boolean> {
    const { start } = this.#window;
    if (start === null) return false;
    const begin = source.compressed === undefined ? source : inMemory(source.head?.());
    const to = Math.min(size, begin.size);
    const time = await firstTime(begin, source.format, { from: 0, to }, this.#breathe);
    return time !== null && compareInstants({ ...time, seconds: time.seconds + 1 }, start) < 0;
  }
}

function inMemory(bytes: Uint8Array = new Uint8Array(0)): ByteSource {
  return {
    size: bytes.length,
    readAt(offset, into) {
      const part = bytes.subarray(offset, offset + into.length);
      into.set(part);
      return part.length;
    },
  };
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
