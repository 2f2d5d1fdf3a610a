import { Failure } from "../failure/failure.ts";
import type { Report } from "../telemetry/events.ts";
import { AppendedRange, atLine, type RangeReport, type ReadPosition } from "./appended_range.ts";
import type { Clock } from "../platform/clock.ts";
import type { TaskTurns } from "../platform/task_turns.ts";
import { accessFailure } from "./locate.ts";
import type { LogSegment } from "./log_segment.ts";
import type { LogName } from "./name.ts";
import type { FollowedLog } from "./followed_log.ts";
import type { LossCause } from "./segment_source.ts";

/** How often a follower checks for a log that does not exist yet. */
const APPEAR_MS = 100;

export interface LogFollowerOptions {
  readonly start: "beginning" | "end";
  /** How long to wait for a log that does not exist yet, milliseconds. */
  readonly missingFileWaitMs: number;
  readonly clock: Clock;
  readonly turns: TaskTurns;
  readonly report: Report;
  /** Returns the log. Throws Failure if it cannot be opened. */
  acquire(options: { readonly isYoung: boolean }): FollowedLog;
  /** The follower no longer uses the log. */
  release(log: FollowedLog): void;
  /** The follower has ended. */
  onEnd(): void;
}

interface Position {
  readonly segment: LogSegment;
  /** Everything before it was delivered. */
  next: ReadPosition;
}

/**
 * One reader's way through a log. The reader takes ranges one after another, reads each, and reports how much of it was
 * delivered; `onMore` is called when there may be another. Made by the FollowRegistry for one reader, which alone calls
 * it.
 */
export class LogFollower implements Disposable {
  readonly #name: LogName;
  readonly #options: LogFollowerOptions;
  readonly #onMore: () => void;
  #log: FollowedLog | null = null;
  #unsubscribe: () => void = () => {};
  /** Oldest first. The last one is where it reads; the others may still get late lines. */
  readonly #positions: Position[] = [];
  /** Where bytes could not be read, until something has happened to the log. */
  #failedAt:
    | { readonly segment: LogSegment; readonly epoch: number; readonly offset: number }
    | null = null;
  /** Whether a range has failed while the log is being checked. */
  #isStalled = false;
  #failure: Failure | null = null;
  #ended = false;
  readonly #waitingSince: number;
  #cancelTimer: () => void = () => {};

  /** The position where it begins is fixed when this returns. */
  constructor(name: LogName, options: LogFollowerOptions, onMore: () => void) {
    this.#name = name;
    this.#options = options;
    this.#onMore = onMore;
    this.#waitingSince = options.clock.now();
    this.#attach(false);
  }

  /**
   * The next range, each line once, in order, through every rotation; null if there is none now. Until `given` or
   * `failed` has been called, the same range is returned again. Throws Failure not-found if the log has not appeared in
   * time, permission-denied if it may not be read.
   */
  take(): AppendedRange | null {
    if (this.#failure !== null) throw this.#failure;
    const log = this.#log;
    if (log === null || this.#ended || this.#isStalled) return null;
    for (let i = 0; i < this.#positions.length;) {
      const position = this.#positions[i];
      if (position === undefined) break;
      const { segment, next } = position;
      if (segment.isParked) log.reopen(segment);
      if (segment.isParked && log.isInflating) return null;
      if (!segment.isLost && next.offset < segment.committed) {
        const from = next.offset < segment.start ? atLine(segment.start) : next;
        return new AppendedRange(segment, from, segment.committed, this.#reportOn(position));
      }
      if (i === this.#positions.length - 1 && !this.#advance(log, segment)) return null;
      if (segment.stage !== "finished") i++;
      else this.#leave(position);
    }
    return null;
  }

  /** Whether nothing more will come. */
  get ended(): boolean {
    if (this.#failure !== null) return false;
    return this.#ended || (this.#log?.ended ?? false) && this.#positions.length === 0;
  }

  /** Ends following and releases everything. Idempotent. */
  [Symbol.dispose](): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#cancelTimer();
    this.#unsubscribe();
    const log = this.#log;
    if (log !== null) {
      for (const { segment } of this.#positions) log.leave(segment);
      this.#positions.length = 0;
      this.#options.release(log);
    }
    this.#options.onEnd();
  }

  #attach(isYoung: boolean): void {
    if (this.#ended) return;
    try {
      this.#log = this.#options.acquire({ isYoung });
    } catch (error) {
      const failure = error instanceof Failure ? error : accessFailure(this.#name.podName, error);
      if (failure.kind === "not-found") this.#waitForFile(failure);
      else this.#fail(failure);
      return;
    }
    this.#unsubscribe = this.#log.onMore(() => this.#wake());
    const segment = this.#log.current;
    const isFromEnd = this.#options.start === "end" && !isYoung;
    // Inside a line so long that its beginning is not known yet, what comes next is the end of that line.
    const end = segment.isBehind ? segment.fileSize : segment.committed;
    this.#enter(segment, isFromEnd ? end : segment.start);
    if (isYoung) this.#onMore();
  }

  #waitForFile(missing: Failure): void {
    const { clock, turns, missingFileWaitMs } = this.#options;
    const left = this.#waitingSince + missingFileWaitMs - clock.now();
    if (left <= 0) this.#fail(missing);
    else {
      const attach = () => this.#attach(true);
      this.#cancelTimer = clock.after(Math.min(APPEAR_MS, left), () => turns.run(attach));
    }
  }

  #fail(failure: Failure): void {
    this.#failure = failure;
    // The owner of a follower that fails at once does not have it yet.
    queueMicrotask(this.#onMore);
  }

  #wake(): void {
    this.#isStalled = false;
    this.#onMore();
  }

  /** Continues with the next segment if this one has been read. Returns false if there is nothing to do but wait. */
  #advance(log: FollowedLog, segment: LogSegment): boolean {
    const next = log.after(segment);
    const isOver = segment.stage === "settled" || segment.stage === "finished";
    if (next !== null && isOver) {
      this.#enter(next, next.start);
      return true;
    }
    if (!log.ended) return false;
    this.#failure = log.failure;
    if (this.#failure !== null) throw this.#failure;
    return true;
  }

  #enter(segment: LogSegment, offset: number): void {
    this.#log?.enter(segment);
    this.#positions.push({ segment, next: atLine(offset) });
  }

  #leave(position: Position): void {
    const { segment } = position;
    if (!segment.isParked) this.#countLost(position, segment.knownEnd, segment.lossCause);
    this.#positions.splice(this.#positions.indexOf(position), 1);
    this.#log?.leave(segment);
  }

  #reportOn(position: Position): RangeReport {
    return {
      given: (next) => {
        position.next = next;
        this.#failedAt = null;
      },
      failed: () => this.#rangeFailed(position),
    };
  }

  #rangeFailed(position: Position): void {
    const { segment, next: { offset } } = position;
    const log = this.#log;
    const before = this.#failedAt;
    const { epoch } = segment;
    if (before?.segment === segment && before.epoch === epoch && before.offset === offset) {
      if (log?.isRefused) {
        this.#isStalled = true;
        return;
      }
      // Failed twice, with a check in between: these bytes cannot be read, and further attempts would never end.
      this.#failedAt = null;
      this.#countLost(position, segment.committed, "unreadable");
      position.next = atLine(segment.committed);
      return;
    }
    this.#failedAt = { segment, epoch, offset };
    this.#isStalled = true;
    log?.recheck();
  }

  #countLost({ segment, next }: Position, end: number, cause: LossCause | "unreadable"): void {
    const bytes = end - Math.max(next.offset, segment.start);
    if (bytes > 0) this.#options.report({ type: "truncated", bytes, path: segment.path, cause });
  }
}
