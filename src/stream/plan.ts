import type { OlderFile } from "../files/history.ts";
import type { FileIdentity, LogSource as OpenSource } from "../files/log_file.ts";
import type { ScanPool } from "../pool/pool.ts";
import { inMemory } from "../scan/byte_source.ts";
import { compareInstants, type Instant } from "../scan/instant.ts";
import type { Direction } from "../scan/scan.ts";
import { DISORDER_SECONDS } from "../scan/probe_order.ts";
import { firstTime, windowEnd, windowStart } from "../scan/time_search.ts";
import type { TimeWindow } from "../scan/time_window.ts";
import { loopTurns } from "../platform/loop_turns.ts";

export type { TimeWindow };

/** An open log, or a part of one, from which pieces can be cut; its opener closes it. */
export type LogSource = Omit<OpenSource, typeof Symbol.dispose>;

/** The bytes of one source that a request reads: [from, to) at line boundaries. */
export interface LogRange {
  readonly source: LogSource;
  readonly from: number;
  readonly to: number;
  /** Records with times outside the window are omitted. */
  readonly window?: TimeWindow | null;
}

/** The end of a source of unknown size, which becomes known by reading. */
export const UNKNOWN_SIZE = Number.MAX_SAFE_INTEGER;

export interface PlanOptions {
  readonly direction: Direction;
  readonly signal: AbortSignal;
  /** Inflates compressed sources. */
  readonly pool: ScanPool;
  readonly stream: object;
  readonly user?: string;
}

/** The file to which a log is currently written. */
export interface CurrentFile {
  readonly source: LogSource;
  /** How much of it is read, in bytes; UNKNOWN_SIZE for a compressed one. */
  readonly size: number;
}

/** The files of one log. */
export interface LogFiles {
  readonly current: CurrentFile;
  /**
   * Opens the rotated files, oldest first; called at most once, and only if lines older than those of the current file
   * are needed.
   */
  readonly older?: () => Promise<readonly OlderFile[]>;
  /** Nothing of the file is needed. */
  release?(file: OlderFile): void;
}

/**
 * Where the requested lines are in a log's files, in the order of the direction. Files are searched when their turn
 * comes, newest first: rotated files are opened only if lines older than the current file are needed, and those whose
 * first lines show that they are before or after the window are neither sized nor inflated. Lines are assumed to be in
 * time order, give or take a second. With a stop, the ranges end at the last final line at or before it: parts of a
 * line that was not finished by then are omitted.
 */
export async function* planRanges(
  files: LogFiles,
  window: TimeWindow,
  options: PlanOptions,
): AsyncGenerator<LogRange, void> {
  const planner = new Planner(window, options);
  if (options.direction === "backward") {
    for await (const file of newestFirst(files, planner)) {
      const { range, isOldest } = await planner.range(file);
      if (range !== null) yield range;
      if (isOldest) return;
    }
    return;
  }
  // Forward reads also search files from the newest one: only that shows where to begin and where to end.
  const ranges: (LogRange | PlannedFile)[] = [];
  for await (const file of newestFirst(files, planner)) {
    if (planner.isWanted) {
      ranges.push(file);
      if (await planner.beginsBefore(file)) break;
      continue;
    }
    const { range, isOldest } = await planner.range(file);
    if (range !== null) ranges.push(range);
    if (isOldest) break;
  }
  for (const one of ranges.reverse()) {
    const range = "from" in one ? one : (await planner.range(one)).range;
    if (range !== null) yield range;
  }
}

type PlannedFile = CurrentFile | OlderFile;

/** The files, as far as they are needed, without those after the window. */
async function* newestFirst(
  { current, older, release }: LogFiles,
  planner: Planner,
): AsyncGenerator<PlannedFile, void> {
  yield current;
  const left = [...await older?.() ?? []];
  try {
    for (let file = left.pop(); file !== undefined; file = left.pop()) {
      if (planner.isAfter(file)) release?.(file);
      else yield file;
    }
  } finally {
    for (const file of left) release?.(file);
  }
}

/** Plans the files of one log, newest first. */
class Planner {
  readonly #window: TimeWindow;
  readonly #options: PlanOptions;
  readonly #breathe: () => Promise<void> | null;
  /** The stop, until the last final line before it is found: from there on, all lines are needed. */
  #stop: Instant | null;

  constructor(window: TimeWindow, options: PlanOptions) {
    this.#window = window;
    this.#options = options;
    this.#stop = window.stop;
    this.#breathe = loopTurns(options.signal);
  }

  /** Whether the remaining files are needed up to their ends. */
  get isWanted(): boolean {
    return this.#stop === null;
  }

  /** Whether the file is after the window. */
  isAfter({ firstTime }: OlderFile): boolean {
    if (this.#stop === null || firstTime === null) return false;
    return compareInstants(firstTime, later(this.#stop)) > 0;
  }

  /** What is needed of a file (null: nothing), and whether all older ones are before the window. */
  async range(
    file: PlannedFile,
  ): Promise<{ readonly range: LogRange | null; readonly isOldest: boolean }> {
    const { source } = file;
    const { start, stop } = this.#window;
    const window = start === null && stop === null ? null : this.#window;
    const { from, to } = source.compressed === undefined
      ? await this.#locate(source, sizeOf(file))
      : await this.#locateCompressed(source, source.compressed);
    if (to > 0) this.#stop = null;
    const isOldest = await this.beginsBefore(file);
    return { range: from < to ? { source, from, to, window } : null, isOldest };
  }

  async #locate(source: LogSource, size: number): Promise<{ from: number; to: number }> {
    if (this.#window.start === null && this.#stop === null) return { from: 0, to: size };
    const { verifier } = source;
    const epoch = verifier?.epoch ?? 0;
    const found = await this.#search(source, size);
    if (verifier === undefined || verifier.isIntact(epoch)) return found;
    // What was searched was not the source's text. Bytes that are in no copy are counted as lost when they are read.
    await verifier.moveToCopy();
    return verifier.end === 0 ? { from: 0, to: size } : await this.#search(source, size);
  }

  async #search(source: LogSource, size: number): Promise<{ from: number; to: number }> {
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

  /** For forward reading, a compressed source need not be inflated before it is read. */
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

  /** Whether the file begins before the window, by more than lines may be out of order. */
  async beginsBefore(file: PlannedFile): Promise<boolean> {
    const { start } = this.#window;
    if (start === null) return false;
    const time = "firstTime" in file ? file.firstTime : await this.#firstTime(file);
    return time !== null && compareInstants(later(time), start) < 0;
  }

  async #firstTime({ source, size }: CurrentFile): Promise<Instant | null> {
    const begin = source.compressed === undefined ? source : inMemory(source.head?.() ?? nothing);
    const to = Math.min(size, begin.size);
    return await firstTime(begin, source.format, { from: 0, to }, this.#breathe);
  }
}

const nothing = new Uint8Array(0);

/** Inflating a compressed file to get its size would take long. */
function sizeOf(file: PlannedFile): number {
  return "size" in file ? file.size : file.source.size;
}

/** By as much as lines may be out of order. */
function later({ seconds, nanos }: Instant): Instant {
  return { seconds: seconds + DISORDER_SECONDS, nanos };
}
