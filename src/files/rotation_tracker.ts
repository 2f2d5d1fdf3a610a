import type { Failure } from "../failure/failure.ts";
import type { Report } from "../telemetry/events.ts";
import { checkClosed, dueAt, finishAll, isBehind, parkClosed } from "./closed_segments.ts";
import type { Check, CheckReason } from "./check_rounds.ts";
import type { FileWatcher } from "./file_watcher.ts";
import { type Examinations, StillInflating } from "./followed_gzip.ts";
import type { LocatedLog, LogRoots } from "./locate.ts";
import { LogFile } from "./log_file.ts";
import { LogObserver } from "./log_observer.ts";
import { LogPlace } from "./log_place.ts";
import { LogSegment } from "./log_segment.ts";
import { RotatedHistory } from "./rotated_history.ts";
import { SegmentChain } from "./segment_chain.ts";
import { Succession } from "./succession.ts";
import type { Transition } from "./transitions.ts";

export interface TrackerOptions {
  readonly roots: LogRoots;
  readonly watcher: Pick<FileWatcher, "clock" | "onFile" | "turns">;
  readonly report: Report;
  readonly examinations: Examinations;
  /** Whether the file has only just appeared. */
  readonly isYoung: boolean;
}

export interface TrackerCalls {
  /** Called by the watcher when something happens where the log is. */
  readonly check: Check;
  /** Compressed files must be inflated first: the log is to be checked again when that is done. */
  onInflating(ready: Promise<void>): void;
}

/**
 * Observes a log and updates the chain of its segments. `transitions` decides what an observation means, `Succession`
 * what comes after the current segment. Owned by the FollowedLog, which alone calls it.
 */
export class RotationTracker {
  readonly chain: SegmentChain;
  readonly #options: TrackerOptions;
  readonly #calls: TrackerCalls;
  readonly #history: RotatedHistory;
  readonly #observer: LogObserver;
  readonly #succession: Succession;
  readonly #place: LogPlace;
  #ending: { readonly failure: Failure | null } | null = null;

  /** Throws Failure if the log cannot be opened. */
  constructor(located: LocatedLog, options: TrackerOptions, calls: TrackerCalls) {
    this.#options = options;
    this.#calls = calls;
    const segment = openSegment(located);
    this.chain = new SegmentChain(segment);
    this.#history = new RotatedHistory(located.realPath, segment, options);
    this.#observer = new LogObserver(located.linkPath, {
      now: () => this.#now(),
      isYoung: options.isYoung,
    });
    this.#succession = new Succession(this.chain, this.#history, {
      now: () => this.#now(),
      mayGiveUp: () => this.#observer.refusal.mayGiveUp,
      onRotation: () => this.#rotated(),
    });
    this.#place = new LogPlace(located, options, calls.check);
  }

  /** The segment that is written to. */
  get current(): LogSegment {
    return this.chain.current;
  }

  /** Not null: nothing more will come. The log is gone, or may no longer be read (failure). */
  get ending(): { readonly failure: Failure | null } | null {
    return this.#ending;
  }

  /** Whether the log could not be examined in the last check. */
  get isRefused(): boolean {
    return this.#observer.refusal.failure !== null;
  }

  /** When something is due that no event announces, in milliseconds of the watcher's clock; Infinity: never. */
  get dueAt(): number {
    return Math.min(dueAt(this.chain), this.#observer.dueAt);
  }

  /** Detects what has happened to the log. Returns whether anything had. */
  check(reason: CheckReason): boolean {
    try {
      if ((reason === "peek" || reason === "written") && !this.current.isUntimed) {
        const change = this.current.peek();
        if (change === "grown") return true;
        // If a write was announced but this file has not grown, it was truncated, or another file was written to.
        if (change === "same" && reason === "peek") return false;
      }
      // Closed files first: their content must be known when rotated files are compared.
      const changed = checkClosed(this.chain, this.#history, this.#now());
      return this.#observe(reason) || changed;
    } catch (error) {
      return this.#fail(error);
    }
  }

  /** Finds the file of a parked segment again by its content; the segment is lost if the file has gone. */
  reopen(segment: LogSegment): void {
    if (!segment.isParked) return;
    try {
      segment.replaceSource(this.#history.find(segment, [...this.chain]));
    } catch (error) {
      this.#fail(error); // It stays parked; the next check determines whether it can be read again.
    }
  }

  /** A reader is done with a segment. */
  leave(segment: LogSegment): void {
    for (const left of this.chain.leave(segment)) {
      this.#history.remember(left);
      left[Symbol.dispose]();
    }
  }

  /** Stops watching and closes everything. Idempotent. */
  close(): void {
    this.#place[Symbol.dispose]();
    for (const segment of this.chain) segment[Symbol.dispose]();
  }

  #observe(reason: CheckReason): boolean {
    let changed = this.#succession.growUntimed(this.#place.realPath);
    const happened = this.#observer.observe(this.#place.located, this.current, {
      followsLink: reason === "tick",
      grows: !this.current.isUntimed,
      isQuick: reason === "poll",
    });
    for (const transition of happened) changed = this.#apply(transition) || changed;
    return changed;
  }

  #apply(transition: Transition): boolean {
    switch (transition) {
      case "grown":
        return true;
      case "truncated":
        this.#succession.truncated(this.#place.realPath);
        return true;
      case "rotated":
      case "moved":
        return this.#replaced();
      case "gone":
        // Its content is read first, a step at each check.
        return !isBehind(this.chain) && this.#end(null);
      case "refused":
        return this.#end(this.#observer.refusal.failure);
    }
  }

  /** The log's path leads to another file, or to the same one on another path. */
  #replaced(): boolean {
    try {
      const located = this.#place.locateAgain();
      const isOther = located.dev !== this.current.dev || located.ino !== this.current.ino;
      if (isOther) this.#succession.replaced(located, this.#place.realPath);
      this.#place.moveTo(located);
      this.#history.moveTo(located.realPath);
      this.#observer.replaced();
      return isOther;
    } catch (error) {
      return this.#fail(error);
    }
  }

  #rotated(): void {
    this.#observer.refusal.clear();
    parkClosed(this.chain);
    this.#options.report({ type: "rotation" });
  }

  #fail(error: unknown): boolean {
    if (error instanceof StillInflating) this.#calls.onInflating(error.ready);
    const failure = this.#observer.failed(error);
    return failure !== null && this.#end(failure);
  }

  #end(failure: Failure | null): true {
    finishAll(this.chain);
    this.#place[Symbol.dispose]();
    this.#ending = { failure };
    return true;
  }

  #now(): number {
    return this.#options.watcher.clock.now();
  }
}

/** How often a file that is truncated while it is read is read again. */
const ATTEMPTS = 3;

function openSegment(located: LocatedLog): LogSegment {
  const segment = new LogSegment(LogFile.open(located));
  try {
    for (let i = 0; i < ATTEMPTS && segment.grow() === "truncated"; i++) segment.forgetText();
    return segment;
  } catch (error) {
    segment[Symbol.dispose]();
    throw error;
  }
}
