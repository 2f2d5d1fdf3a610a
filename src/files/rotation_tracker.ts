import type { Failure } from "../failure/failure.ts";
import type { Report } from "../telemetry/events.ts";
import { checkClosed, closedDueAt, finishAll, parkClosed } from "./closed_segments.ts";
import type { CheckReason, FileWatcher } from "./file_watcher.ts";
import { type Examinations, StillInflating } from "./followed_gzip.ts";
import { locate, type LocatedLog, type LogRoots } from "./locate.ts";
import { Deadline } from "./deadline.ts";
import { LogFile } from "./log_file.ts";
import { LogObserver } from "./log_observer.ts";
import { LogSegment } from "./log_segment.ts";
import { RotatedHistory } from "./rotated_history.ts";
import { SegmentChain } from "./segment_chain.ts";
import { Succession } from "./succession.ts";
import type { Transition } from "./transitions.ts";

export interface TrackerOptions {
  readonly roots: LogRoots;
  readonly watcher: Pick<FileWatcher, "clock" | "onFile">;
  readonly report: Report;
  readonly examinations: Examinations;
  /** The file has appeared only now. */
  readonly isYoung: boolean;
}

/**
 * One container's log through all its files, shared by all who follow it: observes the file and its path, and keeps the
 * chain of segments accordingly. What an observation means, `transitions` says.
 */
export class RotationTracker {
  readonly #options: TrackerOptions;
  readonly #chain: SegmentChain;
  readonly #history: RotatedHistory;
  readonly #wakes = new Set<() => void>();
  #located: LocatedLog;
  #unregister: () => void;
  readonly #observer: LogObserver;
  readonly #succession: Succession;
  readonly #deadline: Deadline;
  #isChecking = false;
  #recheck = false;
  #ended = false;
  /** Of the compressed files that must be inflated before it can go on. */
  #inflating: Promise<void> | null = null;
  #failure: Failure | null = null;

  /** Throws Failure where the log cannot be opened. */
  constructor(located: LocatedLog, options: TrackerOptions) {
    this.#options = options;
    this.#located = located;
    const segment = new LogSegment(LogFile.open(located));
    this.#chain = new SegmentChain(segment);
    segment.grow();
    this.#history = new RotatedHistory(located.realPath, segment, options);
    this.#observer = new LogObserver(located.linkPath, {
      now: () => this.#now(),
      isYoung: options.isYoung,
    });
    this.#deadline = new Deadline(options.watcher.clock, () => void this.check("tick"));
    this.#succession = new Succession(this.#chain, this.#history, {
      now: () => this.#now(),
      mayGiveUp: () => this.#observer.refusal.mayGiveUp,
      onRotation: () => this.#rotated(),
    });
    this.#unregister = options.watcher.onFile(located.realPath, (reason) => this.check(reason));
    this.#setDeadline();
  }

  /** The segment that is written to. */
  get current(): LogSegment {
    return this.#chain.current;
  }

  /** Nothing more will come: the log is gone, or may not be read any more (failure). */
  get ended(): boolean {
    return this.#ended;
  }

  get failure(): Failure | null {
    return this.#failure;
  }

  /** Does it wait until files can be read again? What cannot be read now is not lost yet. */
  get isRefused(): boolean {
    return this.#observer.refusal.failure !== null && !this.#ended;
  }

  /** Does it wait for a compressed file to be inflated? What that holds is not lost. */
  get isInflating(): boolean {
    return this.#inflating !== null && !this.#ended;
  }

  /** How many follow it. */
  get followers(): number {
    return this.#wakes.size;
  }

  after(segment: LogSegment): LogSegment | null {
    return this.#chain.after(segment);
  }

  /** Calls `wake` when there may be more to read. Returns how to end that. */
  onMore(wake: () => void): () => void {
    this.#wakes.add(wake);
    return () => {
      this.#wakes.delete(wake);
    };
  }

  enter(segment: LogSegment): void {
    this.#chain.enter(segment);
  }

  leave(segment: LogSegment): void {
    for (const left of this.#chain.leave(segment)) {
      this.#history.remember(left);
      left[Symbol.dispose]();
    }
  }

  close(): void {
    this.#stop();
    for (const segment of this.#chain) segment[Symbol.dispose]();
  }

  /** Takes notice of what has happened to the log. Returns whether anything had. */
  check(reason: CheckReason): boolean {
    if (this.#ended || this.#isChecking) return false;
    this.#isChecking = true;
    let changed = false;
    try {
      do {
        const isRecheck = this.#recheck;
        this.#recheck = false;
        const hasChanged = this.#checkOnce(isRecheck ? "tick" : reason);
        if (hasChanged || isRecheck) this.#wakeAll();
        changed ||= hasChanged;
      } while (this.#recheck && !this.#ended);
    } finally {
      this.#isChecking = false;
    }
    if (changed || reason !== "peek" || this.current.isBehind) this.#setDeadline();
    return changed;
  }

  /** Bytes were not as expected: checks the log, and wakes all followers in any case. */
  recheck(): void {
    if (this.#ended) return this.#wakeAll();
    this.#recheck = true;
    this.check("tick");
  }

  /** Finds the file of a parked segment again by its content; lost where it has gone. */
  reopen(segment: LogSegment): void {
    if (!segment.isParked) return;
    try {
      segment.replaceSource(this.#history.find(segment, [...this.#chain]));
    } catch (error) {
      this.#fail(error); // It stays parked; the next check finds whether it can be read again.
    }
  }

  #wakeAll(): void {
    for (const wake of [...this.#wakes]) wake();
    for (const segment of this.#chain) segment.forgetFreshLines();
  }

  #checkOnce(reason: CheckReason): boolean {
    try {
      if (reason === "peek") {
        const { time, timedTo } = this.current.fingerprint;
        const change = time !== null || timedTo > 0 ? this.current.peek() : null;
        if (change === "same" || change === "grown") return this.#apply(change);
      }
      // Closed files first: what they hold must be known when rotated files are compared.
      const changed = checkClosed(this.#chain, this.#history, this.#now());
      return this.#observe(reason) || changed;
    } catch (error) {
      return this.#fail(error);
    }
  }

  #observe(reason: CheckReason): boolean {
    let changed = this.#succession.truncatedUnseen(this.#located.realPath);
    const happened = this.#observer.observe(this.#located, this.current, {
      followsLink: reason === "tick",
      isQuick: reason === "poll",
    });
    for (const transition of happened) changed = this.#apply(transition) || changed;
    return changed;
  }

  #apply(transition: Transition | "same"): boolean {
    switch (transition) {
      case "same":
        return false;
      case "grown":
        return true;
      case "truncated":
        this.#succession.truncated(this.#located.realPath);
        return true;
      case "rotated":
      case "moved":
        return this.#replaced();
      case "gone":
        this.#end(null);
        return true;
      case "refused":
        this.#end(this.#observer.refusal.failure);
        return true;
    }
  }

  /** The log's path leads to another file, or to the same one by another way. */
  #replaced(): boolean {
    try {
      const located = locate(this.#options.roots, this.#located.name);
      const isOther = located.dev !== this.current.dev || located.ino !== this.current.ino;
      if (isOther) this.#succession.replaced(located, this.#located.realPath);
      this.#moveTo(located);
      this.#observer.replaced();
      return isOther;
    } catch (error) {
      return this.#fail(error);
    }
  }

  #rotated(): void {
    this.#observer.refusal.clear();
    parkClosed(this.#chain);
    this.#options.report({ type: "rotation" });
  }

  #moveTo(located: LocatedLog): void {
    if (located.realPath !== this.#located.realPath) {
      this.#unregister();
      this.#unregister = this.#options.watcher.onFile(
        located.realPath,
        (reason) => this.check(reason),
      );
    }
    this.#located = located;
    this.#history.moveTo(located.realPath);
  }

  #fail(error: unknown): boolean {
    if (error instanceof StillInflating) this.#recheckAfter(error.ready);
    const failure = this.#observer.failed(error);
    if (failure === null) return false;
    this.#end(failure);
    return true;
  }

  #recheckAfter(ready: Promise<void>): void {
    if (this.#inflating === ready) return;
    this.#inflating = ready;
    ready.then(() => {
      if (this.#inflating !== ready) return;
      this.#inflating = null;
      if (!this.#ended) this.recheck();
    });
  }

  #end(failure: Failure | null): void {
    finishAll(this.#chain);
    this.#failure = failure;
    this.#stop();
  }

  #stop(): void {
    this.#ended = true;
    this.#unregister();
    this.#deadline.cancel();
  }

  #now(): number {
    return this.#options.watcher.clock.now();
  }

  /** Has the log checked when something falls due that no event announces. */
  #setDeadline(): void {
    if (this.#ended) return;
    this.#deadline.set(Math.min(closedDueAt(this.#chain), this.#observer.dueAt));
  }
}
