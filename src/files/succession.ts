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
  /** Whether it is time to continue without what cannot be read, whose bytes are then counted as lost. */
  readonly mayGiveUp: () => boolean;
  /** Called when a segment has followed the current one. */
  readonly onRotation: () => void;
}

/**
 * Appends to a chain the segments that come after its last one: the files that were missed, and the next one. If a file
 * cannot be read now, its methods throw and leave the chain unchanged; the next check tries again. Owned by the
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
   * Another file has taken the place of the current one, which was at `realPath`. Throws Failure not-found if yet
   * another one has, and what opening it throws.
   */
  replaced(located: LocatedLog, realPath: string): void {
    const chain = this.#chain;
    const next = new LogSegment(LogFile.open(located));
    try {
      // What was appended to the old file until its place was taken.
      this.growUntimed(realPath);
      if (!chain.current.isUntimed && chain.current.grow() === "truncated") {
        this.truncated(realPath);
      }
      // Truncated while it was read: its former content is in a copy that may not exist yet.
      if (next.grow() === "truncated") throw isBeingRotated(located.realPath);
      const { dev, ino, fingerprint } = next;
      const missed = this.#history.missed([...chain], {
        dev,
        ino,
        fingerprint,
        isUnchanged: () => isContinuedBy(fingerprint, readFingerprint(next)),
        isAtPath: () => true,
      }, { mayGiveUp: this.#options.mayGiveUp() });
      // Text that was written to a file without text may have been copied and truncated first.
      const isBegun = chain.current.isUntimed && chain.current.hasMore;
      if (isBegun || !isAt(located.realPath, next)) {
        for (const segment of missed) segment[Symbol.dispose]();
        throw isBeingRotated(located.realPath);
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
   * Grows a file in which no time was seen. It may have been truncated and have regrown with exactly the same bytes,
   * which shows in copies that nobody has seen. Returns whether anything has happened. Throws Failure not-found if it
   * is being rotated at this moment.
   */
  growUntimed(realPath: string): boolean {
    const { current } = this.#chain;
    if (!current.isUntimed) return false;
    const next = nextIn(current, realPath);
    const isOther = current.hasMore && this.#history.hasUnseen([...this.#chain], next);
    const before = current.size;
    const change = isOther ? "truncated" : current.grow();
    if (change === "truncated") {
      this.truncated(realPath);
      return true;
    }
    // What was just read may belong to a later text, whose earlier copies were not searched for.
    const began = next.fingerprint.prefix.length > 0 || current.size === 0;
    if (!began || !isContinuedBy(next.fingerprint, current.fingerprint)) {
      if (before === 0) current.forgetText();
      throw isBeingRotated(realPath);
    }
    return change === "grown";
  }

  /**
   * The current file was truncated, and is rewritten from its beginning. Throws Failure not-found if it is truncated or
   * rotated once more at this moment.
   */
  truncated(realPath: string): void {
    const old = this.#chain.current;
    const now = nextIn(old, realPath);
    const { copy, missed } = this.#history.afterTruncation([...this.#chain], now, {
      mayGiveUp: this.#options.mayGiveUp(),
    });
    if (!now.isUnchanged()) {
      for (const source of [copy?.source, ...missed]) source?.[Symbol.dispose]();
      throw isBeingRotated(realPath);
    }
    const file = old.replaceSource(copy);
    old.close(this.#options.now());
    if (!old.isBehind) old.finish();
    for (const segment of missed) this.#append(segment);
    if (file !== null) {
      const next = new LogSegment(file);
      // If the file is empty, but was not when the rotated files were listed, or has been changed since, its content
      // was truncated in turn.
      next.forgetText(now.emptyAtMs ?? undefined);
      this.#chain.append(next);
    }
    this.#options.onRotation();
    if (file !== null) this.growUntimed(realPath);
  }

  #append(segment: LogSegment): void {
    segment.close(this.#options.now());
    this.#chain.append(segment);
  }
}

function isBeingRotated(realPath: string): Failure {
  return new Failure("not-found", `Cannot follow ${realPath}: it is being rotated`);
}

/** The current content of a segment's file, which may not be the segment's text. */
function nextIn(
  segment: LogSegment,
  realPath: string,
): NextFile & { readonly emptyAtMs: number | null } {
  const { dev, ino, mtimeMs } = segment;
  const isAtPath = () => isAt(realPath, { dev, ino });
  const wasAtPath = isAtPath();
  const fingerprint = readFingerprint(segment);
  return {
    dev,
    ino,
    fingerprint,
    emptyAtMs: fingerprint.prefix.length === 0 ? mtimeMs : null,
    // If it was rotated while the rotated files were read, it may be missing among them.
    isUnchanged: () =>
      isAtPath() === wasAtPath && isContinuedBy(fingerprint, readFingerprint(segment)),
    isAtPath,
  };
}
