import { Failure } from "../failure/failure.ts";
import { lstat, stat } from "../platform/files.ts";
import type { Report } from "../telemetry/events.ts";
import type { CheckReason, FileWatcher } from "./file_watcher.ts";
import { type Examinations, StillInflating } from "./followed_gzip.ts";
import { accessFailure, locate, type LocatedLog, type LogRoots } from "./locate.ts";
import { isContinuedBy, readFingerprint } from "./fingerprint.ts";
import { LogFile } from "./log_file.ts";
import { LogSegment } from "./log_segment.ts";
import { exists, isAt, isSameFile, stateAt } from "./path_state.ts";
import { type NextFile, RotatedHistory } from "./rotated_history.ts";
import { SegmentChain } from "./segment_chain.ts";
import { GONE_MS, type Transition, transitions } from "./transitions.ts";

/** After a rotation the runtime may still write to the old file; the new one's lines wait for so long. */
const SETTLE_MS = 50;
/** The same when the old file ends in an unterminated line. */
const SETTLE_UNTERMINATED_MS = 500;
/** Late writes to the old file are still delivered for this long. */
const FINISH_MS = 2000;
/** A file that has just appeared may lie in a folder that is not watched yet. */
const YOUNG = { forMs: 2000, everyMs: 50 };
/** What fails for another reason than permissions (no descriptor is left) is tried again for so long. */
const FAILING_MS = 30_000;
const MIN_WAIT_MS = 5;
/** Old descriptors kept for slow readers; beyond, what they read next is looked for by content. */
const MAX_HELD = 8;

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
  #goneSince: number | null = null;
  #refusal: { readonly since: number; readonly failure: Failure } | null = null;
  readonly #youngUntil: number;
  #deadline: { readonly at: number; readonly cancel: () => void } | null = null;
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
    this.#youngUntil = options.isYoung ? this.#now() + YOUNG.forMs : 0;
    const segment = new LogSegment(LogFile.open(located));
    this.#chain = new SegmentChain(segment);
    segment.grow();
    this.#history = new RotatedHistory(located.realPath, segment, options);
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
    return this.#refusal !== null && !this.#ended;
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
      const found = this.#history.find(segment, [...this.#chain]);
      segment.replaceSource(found?.source ?? null, found?.holding);
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
      const changed = this.#checkClosed();
      return this.#observe(reason === "peek" ? "event" : reason) || changed;
    } catch (error) {
      return this.#fail(error);
    }
  }

  #observe(reason: CheckReason): boolean {
    const path = stateAt(lstat, this.#located.realPath);
    const open = { dev: this.current.dev, ino: this.current.ino };
    const isOpen = isSameFile(path.state, open);
    const wasTruncated = this.#truncatedUnseen();
    const content = this.current.grow({
      ...(isOpen && path.facts !== null && !wasTruncated ? { now: path.facts } : {}),
      quick: reason === "poll",
    });
    const link = isOpen && reason !== "tick" ? null : stateAt(stat, this.#located.linkPath);
    const refused = path.error ?? link?.error ?? null;
    if (refused !== null) this.#refuse(refused);
    else if (isOpen && (link === null || isSameFile(link.state, open))) this.#refusal = null;
    const linkIsGone = link?.state.kind === "absent" && !exists(this.#located.linkPath);
    const isGone = path.state.kind === "absent" && linkIsGone;
    this.#goneSince = isGone ? this.#goneSince ?? this.#now() : null;
    let changed = wasTruncated;
    for (
      const transition of transitions({
        content,
        open,
        path: path.state,
        link: link?.state ?? null,
        linkIsGone,
        goneMs: this.#since(this.#goneSince),
        refusedMs: this.#refusedMs(),
      })
    ) changed = this.#apply(transition) || changed;
    return changed;
  }

  #apply(transition: Transition | "same"): boolean {
    switch (transition) {
      case "same":
        return false;
      case "grown":
        return true;
      case "truncated":
        this.#truncated();
        return true;
      case "rotated":
      case "moved":
        return this.#replaced();
      case "gone":
        this.#end(null);
        return true;
      case "refused":
        this.#end(this.#refusal?.failure ?? null);
        return true;
    }
  }

  /** The log's path leads to another file, or to the same one by another way. */
  #replaced(): boolean {
    let located: LocatedLog;
    try {
      located = locate(this.#options.roots, this.#located.name);
      const old = this.current;
      if (located.dev === old.dev && located.ino === old.ino) {
        this.#moveTo(located);
        return false;
      }
      const file = LogFile.open(located);
      const next = new LogSegment(file);
      try {
        // What came to the old file until its place was taken.
        this.#truncatedUnseen();
        if (this.current.grow() === "truncated") this.#truncated();
        next.grow();
        const mayGiveUp = this.#refusedMs() >= GONE_MS;
        const missed = this.#history.missed(
          [...this.#chain],
          { ...this.#nextIn(next), isAtPath: () => true },
          { mayGiveUp },
        );
        if (!isAt(located.realPath, next)) {
          for (const segment of missed) segment[Symbol.dispose]();
          throw new Failure(
            "not-found",
            `Cannot follow ${located.realPath}: it was replaced again`,
          );
        }
        this.current.close(this.#now());
        for (const segment of missed) this.#append(segment);
      } catch (error) {
        next[Symbol.dispose]();
        throw error;
      }
      this.#chain.append(next);
    } catch (error) {
      return this.#fail(error);
    }
    this.#refusal = null;
    this.#moveTo(located);
    this.#park();
    this.#options.report({ type: "rotation" });
    return true;
  }

  /**
   * A file of which no time was seen may have been truncated and have regrown with the very same bytes: copies that nobody
   * has seen tell. Returns whether that was so.
   */
  #truncatedUnseen(): boolean {
    const { current } = this;
    const { time, timedTo } = current.fingerprint;
    if (time !== null || timedTo > 0 || !current.hasMore) return false;
    if (!this.#history.hasUnseen([...this.#chain], this.#nextIn(current))) return false;
    this.#truncated();
    return true;
  }

  /** The current file was truncated, and is written anew from its beginning. */
  #truncated(): void {
    const old = this.current;
    const mayGiveUp = this.#refusedMs() >= GONE_MS;
    const { copy, missed } = this.#history.afterTruncation(
      [...this.#chain],
      this.#nextIn(old),
      { mayGiveUp },
    );
    const file = old.replaceSource(copy?.source ?? null, copy?.holding);
    old.close(this.#now());
    old.finish();
    for (const segment of missed) this.#append(segment);
    if (file !== null) {
      const next = new LogSegment(file);
      this.#chain.append(next);
      next.grow();
    }
    this.#refusal = null;
    this.#park();
    this.#options.report({ type: "rotation" });
  }

  /** The current content of a segment's file, which need not be the segment's text. */
  #nextIn(segment: LogSegment): NextFile {
    const { dev, ino } = segment;
    const fingerprint = readFingerprint(segment);
    return {
      dev,
      ino,
      fingerprint,
      isUnchanged: () => isContinuedBy(fingerprint, readFingerprint(segment)),
      isAtPath: () => isAt(this.#located.realPath, { dev, ino }),
    };
  }

  #append(segment: LogSegment): void {
    segment.close(this.#now());
    this.#chain.append(segment);
  }

  /** Late lines of closed segments, and what falls due for them. */
  #checkClosed(): boolean {
    let changed = false;
    const now = this.#now();
    for (const segment of this.#chain) {
      if (segment.stage !== "closing" && segment.stage !== "settled") continue;
      const found = segment.grow({ quick: true, whole: true });
      if (found === "truncated") {
        // A rotated file is written to by nobody, so what it held is gone, unless a copy holds it.
        const copy = this.#history.find(segment, [...this.#chain], { except: segment });
        segment.replaceSource(copy?.source ?? null, copy?.holding)?.[Symbol.dispose]();
        segment.finish();
      }
      changed ||= found !== "same";
      const age = now - segment.closedAt;
      if (segment.stage === "closing" && age >= settleMs(segment)) {
        segment.settle();
        changed = true;
      }
      if (segment.stage === "settled" && age >= FINISH_MS) {
        segment.finish();
        changed = true;
      }
    }
    if (changed) this.#park();
    return changed;
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
    const failure = error instanceof Failure ? error : accessFailure(this.#located.linkPath, error);
    // Not there yet, or replaced once more: seen at the next check.
    if (failure.kind === "not-found") return false;
    this.#refuse(failure);
    if (this.#refusedMs() < GONE_MS) return false;
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

  #refuse(error: unknown): void {
    const failure = error instanceof Failure ? error : accessFailure(this.#located.linkPath, error);
    this.#refusal = { since: this.#refusal?.since ?? this.#now(), failure };
  }

  /** For how long the log has been refused; where waiting may help, the first FAILING_MS do not count. */
  #refusedMs(): number {
    if (this.#refusal === null) return 0;
    const isFinal = this.#refusal.failure.kind === "permission-denied";
    return Math.max(0, this.#since(this.#refusal.since) - (isFinal ? 0 : FAILING_MS - GONE_MS));
  }

  #since(moment: number | null): number {
    return moment === null ? 0 : this.#now() - moment;
  }

  #end(failure: Failure | null): void {
    for (const segment of this.#chain) {
      if (segment.stage === "finished") continue;
      try {
        segment.grow({ whole: true });
      } catch {
        // It cannot be read any more: what is known of it stays.
      }
      segment.finish();
    }
    this.#failure = failure;
    this.#stop();
  }

  #stop(): void {
    this.#ended = true;
    this.#unregister();
    this.#deadline?.cancel();
    this.#deadline = null;
  }

  /** Gives back the descriptors that a slow reader will need last. */
  #park(): void {
    const held = [...this.#chain].slice(0, -1)
      .filter((segment) => !segment.isParked && !segment.isLost);
    for (const segment of held.slice(MAX_HELD)) {
      // To one that is not finished a last line may still come, and of one without text none would be found.
      const canBeFound = segment.fingerprint.time !== null;
      if (segment.stage === "finished" && canBeFound && !this.#chain.isRead(segment)) {
        segment.park();
      }
    }
  }

  #now(): number {
    return this.#options.watcher.clock.now();
  }

  /** Has the log checked when something falls due that no event announces. */
  #setDeadline(): void {
    const now = this.#now();
    let at = Infinity;
    for (const segment of this.#chain) {
      if (segment.stage === "closing") at = Math.min(at, segment.closedAt + settleMs(segment));
      else if (segment.stage === "settled") at = Math.min(at, segment.closedAt + FINISH_MS);
    }
    if (this.current.isBehind) at = now;
    if (this.#goneSince !== null) at = Math.min(at, this.#goneSince + GONE_MS);
    if (this.#refusal !== null) at = Math.min(at, now + YOUNG.everyMs);
    if (now < this.#youngUntil) at = Math.min(at, now + YOUNG.everyMs);
    if (this.#ended || at === Infinity) return;
    if (this.#deadline !== null && this.#deadline.at <= at) return;
    this.#deadline?.cancel();
    const cancel = this.#options.watcher.clock.after(Math.max(MIN_WAIT_MS, at - now), () => {
      this.#deadline = null;
      this.check("tick");
    });
    this.#deadline = { at, cancel };
  }
}

function settleMs(segment: LogSegment): number {
  return segment.hasUnterminatedLine ? SETTLE_UNTERMINATED_MS : SETTLE_MS;
}
