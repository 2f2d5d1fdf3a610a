import { Failure } from "../failure/failure.ts";
import { isContinuedBy, readFingerprint } from "./fingerprint.ts";
import type { LocatedLog } from "./locate.ts";
import { LogFile } from "./log_file.ts";
import { LogSegment } from "./log_segment.ts";
import { isAt } from "./path_state.ts";
import type { NextFile, RotatedHistory } from "./rotated_history.ts";
import type { SegmentChain } from "./segment_chain.ts";

export interface SuccessionOptions {
  readonly now: () => number;
  /** Is it time to go on without what cannot be read? Its bytes are counted as lost then. */
  readonly mayGiveUp: () => boolean;
  /** A segment has followed the current one. */
  readonly onRotation: () => void;
}

/**
 * Appends to a chain the segments that come after its last one: the files that were missed, and the next. Where a file
 * cannot be read now, its methods throw and leave the chain as it was; the next check tries again. Owned by the
 * RotationTracker, which alone calls it.
 */
export class Succession {
  readonly #chain: SegmentChain;
  readonly #history: RotatedHistory;
  readonly #options: SuccessionOptions;

  constructor(chain: SegmentChain, history: RotatedHistory, options: SuccessionOptions) {
    this.#chain = chain;
    this.#history = history;
    this.#options = options;
  }

  /**
   * Another file has taken the place of the current one, which lay at `realPath`. Throws Failure not-found where yet another
   * has, and what opening it throws.
   */
  replaced(located: LocatedLog, realPath: string): void {
    const chain = this.#chain;
    const next = new LogSegment(LogFile.open(located));
    try {
      // What came to the old file until its place was taken.
      this.truncatedUnseen(realPath);
      if (chain.current.grow() === "truncated") this.truncated(realPath);
      next.grow();
      const missed = this.#history.missed(
        [...chain],
        { ...nextIn(next, realPath), isAtPath: () => true },
        { mayGiveUp: this.#options.mayGiveUp() },
      );
      if (!isAt(located.realPath, next)) {
        for (const segment of missed) segment[Symbol.dispose]();
        throw new Failure(
          "not-found",
          `Cannot follow ${located.realPath}: it was replaced again`,
        );
      }
      chain.current.close(this.#options.now());
      for (const segment of missed) this.#append(segment);
    } catch (error) {
      next[Symbol.dispose]();
      throw error;
    }
    chain.append(next);
    this.#options.onRotation();
  }

  /**
   * A file of which no time was seen may have been truncated and have regrown with the very same bytes: copies that nobody
   * has seen tell. Returns whether that was so.
   */
  truncatedUnseen(realPath: string): boolean {
    const { current } = this.#chain;
    const { time, timedTo } = current.fingerprint;
    if (time !== null || timedTo > 0 || !current.hasMore) return false;
    if (!this.#history.hasUnseen([...this.#chain], nextIn(current, realPath))) return false;
    this.truncated(realPath);
    return true;
  }

  /** The current file was truncated, and is written anew from its beginning. */
  truncated(realPath: string): void {
    const old = this.#chain.current;
    const { copy, missed } = this.#history.afterTruncation(
      [...this.#chain],
      nextIn(old, realPath),
      { mayGiveUp: this.#options.mayGiveUp() },
    );
    const file = old.replaceSource(copy);
    old.close(this.#options.now());
    if (!old.isBehind) old.finish();
    for (const segment of missed) this.#append(segment);
    if (file !== null) {
      const next = new LogSegment(file);
      this.#chain.append(next);
      next.grow();
    }
    this.#options.onRotation();
  }

  #append(segment: LogSegment): void {
    segment.close(this.#options.now());
    this.#chain.append(segment);
  }
}

/** The current content of a segment's file, which need not be the segment's text. */
function nextIn(segment: LogSegment, realPath: string): NextFile {
  const { dev, ino } = segment;
  const fingerprint = readFingerprint(segment);
  return {
    dev,
    ino,
    fingerprint,
    isUnchanged: () => isContinuedBy(fingerprint, readFingerprint(segment)),
    isAtPath: () => isAt(realPath, { dev, ino }),
  };
}
