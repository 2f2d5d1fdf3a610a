import { type AppendedRange, atLine } from "../files/appended_range.ts";
import type { FollowRegistry } from "../files/follow_registry.ts";
import type { LogFollower } from "../files/log_follower.ts";
import type { LogName } from "../files/name.ts";
import { LONGEST_TIMER_MS } from "../platform/clock.ts";
import type { ScanPool } from "../pool/pool.ts";
import type { Instant } from "../scan/instant.ts";
import type { Report } from "../telemetry/events.ts";
import type { AppendedScanner } from "./appended_scanner.ts";
import type { BufferBudget } from "./buffer_budget.ts";
import { FollowWindow, linesInMemory } from "./follow_window.ts";
import type { LogRange, TimeWindow } from "./plan.ts";
import { loopTurns } from "../platform/loop_turns.ts";
import { BEGINNING, scanRange } from "./scan_range.ts";

/** Receives the frames of a follow. */
export interface FollowSink {
  /**
   * Returns true if the next frames may follow, false if the call is gone, or a promise of that if the writer must
   * wait.
   */
  write(frames: Uint8Array): boolean | Promise<boolean>;
}

export interface FollowRecordsOptions {
  /** The client's pattern, checked before; "" for all records. */
  readonly grep: string;
  readonly maxRecordBytes: number;
  readonly scanner: AppendedScanner;
  readonly pool: ScanPool;
  /** Identifies the stream in the pool's turns; the same object for which the pattern was checked. */
  readonly stream: object;
  readonly user: string;
  readonly buffers: BufferBudget;
  readonly report: Report;
  readonly signal: AbortSignal;
  readonly sink: FollowSink;
  onScanned(result: { readonly records: number }): void;
}

/** Ranges up to this size are read and scanned in place, without a worker, a promise or a generator. */
const SMALL_BYTES = 64 * 1024;

const scratch = new Uint8Array(SMALL_BYTES);

/**
 * The records of a followed log, from the file to the sink. Usually the check that finds new lines calls straight
 * through: the lines that it has read are scanned and written before it returns. Only large ranges and searches go
 * through the pool; data that the sink does not accept yet stays in the file. Owned by the RecordSource of one call.
 */
export class FollowStream implements Disposable {
  readonly #follower: LogFollower;
  readonly #window: FollowWindow;
  readonly #end = Promise.withResolvers<void>();
  readonly #cancelStop: () => void;
  #options: FollowRecordsOptions | null = null;
  #isBusy = false;
  #pumpAgain = false;
  #isOver = false;
  /** The stop has passed: the data that is being sent is the last. */
  #isStopped = false;

  /**
   * The position from which no record will be missed is fixed when this returns. `now`: milliseconds since the epoch.
   */
  constructor(
    registry: FollowRegistry,
    name: LogName,
    request: { readonly start: "beginning" | "end"; readonly window: TimeWindow },
    now: () => number = Date.now,
  ) {
    this.#window = new FollowWindow(request.window);
    this.#follower = registry.follow(name, request.start, () => this.#pump());
    this.#cancelStop = atMoment(request.window.stop, now, () => {
      this.#isStopped = true;
      this.#pump();
    });
  }

  /**
   * Writes the records to the sink. Resolves when the log or the window has ended, or the sink is gone; rejects with
   * the signal's reason, or Failure not-found or permission-denied.
   */
  run(options: FollowRecordsOptions): Promise<void> {
    const { signal } = options;
    this.#options = options;
    const onAbort = () => this.#finish(() => this.#end.reject(signal.reason));
    signal.addEventListener("abort", onAbort, { once: true });
    if (signal.aborted) onAbort();
    this.#pump();
    return this.#end.promise.finally(() => signal.removeEventListener("abort", onAbort));
  }

  [Symbol.dispose](): void {
    this.#finish(() => this.#end.resolve());
  }

  /** Sends the available records, until the sink must be awaited. */
  #pump(): void {
    const options = this.#options;
    if (options === null || this.#isOver) return;
    if (this.#isBusy) {
      this.#pumpAgain = true;
      return;
    }
    this.#isBusy = true;
    try {
      do {
        this.#pumpAgain = false;
        for (let range = this.#next(); range !== null; range = this.#next()) {
          const sent = this.#send(range, options);
          if (sent === true) continue;
          if (sent !== false) return this.#resumeAfter(sent);
          return this.#finish(() => this.#end.resolve());
        }
      } while (this.#pumpAgain);
      this.#isBusy = false;
      if (this.#isStopped || this.#follower.ended) this.#finish(() => this.#end.resolve());
    } catch (error) {
      this.#finish(() => this.#end.reject(error));
    }
  }

  #next(): AppendedRange | null {
    return this.#isStopped || this.#isOver ? null : this.#follower.take();
  }

  #resumeAfter(sent: Promise<boolean>): void {
    sent.then((isAlive) => {
      this.#isBusy = false;
      if (isAlive) this.#pump();
      else this.#finish(() => this.#end.resolve());
    }, (error) => this.#finish(() => this.#end.reject(error)));
  }

  #finish(settle: () => void): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#cancelStop();
    this.#follower[Symbol.dispose]();
    settle();
  }

  /** False if nothing more is to be sent. */
  #send(range: AppendedRange, options: FollowRecordsOptions): boolean | Promise<boolean> {
    if (
      range.to - range.from > SMALL_BYTES || range.position.line !== null || isCompressed(range)
    ) {
      return this.#sendPieces(range, range, options, () => range.isIntact());
    }
    const fresh = range.bytes;
    const bytes = fresh ?? readRange(range);
    if (bytes === null) {
      range.failed();
      return true;
    }
    if (options.grep !== "" || !this.#window.isOpen) {
      // Data must not stay in shared memory while something is awaited.
      const lines = linesInMemory(range, fresh ?? bytes.slice());
      return this.#sendPieces(range, lines, options, () => true);
    }
    const { format } = range.source;
    const began = performance.now();
    const isShared = fresh !== null;
    const result = options.scanner.scan(format, bytes, { skip: range.position.skip, isShared });
    const { resume } = result;
    options.report({
      type: "scanned",
      bytes: resume === null ? bytes.length : resume.offset,
      records: result.records,
      malformed: result.malformed,
      seconds: (performance.now() - began) / 1000,
    });
    options.onScanned(result);
    range.given(
      resume === null
        ? atLine(range.to)
        : { offset: range.from + resume.offset, skip: resume.skip, line: null },
    );
    return result.frames.length === 0 || options.sink.write(result.frames);
  }

  /** Sends lines through the pool, only those in the window. */
  async #sendPieces(
    range: AppendedRange,
    lines: LogRange,
    options: FollowRecordsOptions,
    isIntact: () => boolean,
  ): Promise<boolean> {
    const { report, signal, sink } = options;
    const windowed = await this.#window.cut(lines, { isIntact, breathe: loopTurns(signal) });
    if (windowed === null) {
      range.failed();
      return true;
    }
    for (const part of windowed.parts) {
      // Parts that were held back are in memory, and come before the range.
      const isOfRange = part.source === lines.source;
      const place = isOfRange && part.from === range.from ? range.position : BEGINNING;
      for await (const result of scanRange(part, { ...options, direction: "forward", place })) {
        signal.throwIfAborted();
        if (isOfRange && !isIntact()) {
          range.failed();
          return true;
        }
        const { bytes, records, malformed, seconds, frames, resume, short } = result;
        report({ type: "scanned", bytes, records, malformed, seconds });
        options.onScanned(result);
        // If no line begins in a piece, an earlier one has delivered more than this piece.
        const isEmpty = resume === null && result.from > result.to;
        if (isOfRange && !isEmpty) range.given(resume ?? atLine(result.to));
        if (frames.length > 0 && !await sink.write(frames)) return false;
        if (short) {
          range.failed();
          return true;
        }
      }
    }
    range.given(atLine(range.to));
    return !windowed.over;
  }
}

/** Whether a worker inflates its lines. */
function isCompressed({ source }: AppendedRange): boolean {
  return source.compressed !== undefined;
}

/** Null if the bytes no longer exist. They are valid until the next call. */
function readRange(range: AppendedRange): Uint8Array | null {
  const bytes = scratch.subarray(0, range.to - range.from);
  const count = range.source.readAt(range.from, bytes);
  return count === bytes.length && range.isIntact() ? bytes : null;
}

/** Calls back once the moment has passed (never for null); returns a function that cancels this. */
function atMoment(moment: Instant | null, now: () => number, then: () => void): () => void {
  if (moment === null) return () => {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wait = () => {
    const left = moment.seconds * 1000 + moment.nanos / 1e6 - now();
    if (left < 0) then();
    else timer = setTimeout(wait, Math.min(left + 1, LONGEST_TIMER_MS));
  };
  wait();
  return () => clearTimeout(timer);
}
