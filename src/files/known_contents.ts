import type { Instant } from "../scan/instant.ts";
import { type Fingerprint, startsLikeAny } from "./fingerprint.ts";
import type { FileNumbers } from "./log_file.ts";
import type { LogSegment } from "./log_segment.ts";
import {
  isEarlier,
  isUntouched,
  type RotatedContents,
  type SeenFiles,
  type UnreadFile,
} from "./missed_rotations.ts";

/** How many contents are remembered although no file holds them now: a rename may hide a file for a moment. */
const MAX_REMEMBERED = 64;

/** The segment whose lines come next, in the current state of its file. */
export interface KnownNext extends FileNumbers {
  readonly fingerprint: Fingerprint;
  /** Whether it is at the log's path, so that all others are older. */
  isAtPath(): boolean;
}

/**
 * What the files of a followed log are recognized by: the contents that are older than the follow or were delivered,
 * the files that could not be read when it began, and whether the clock has been set back since. Owned by the log's
 * RotatedHistory.
 */
export class KnownContents {
  #fingerprints: readonly Fingerprint[];
  #unread: readonly UnreadFile[];
  readonly #first: LogSegment;
  /**
   * The time of the first line that was seen: where following began, or later if that file was never seen to contain
   * one.
   */
  #firstTime: Instant | null = null;
  /** Whether a line was seen that is earlier than that. */
  #clockWentBack = false;

  /**
   * @param first the segment in which following begins, grown to its file's content
   * @param listed the rotated files at that moment
   */
  constructor(first: LogSegment, { contents, failed }: RotatedContents) {
    this.#first = first;
    this.#learnTimes(first);
    this.#fingerprints = contents.map(({ fingerprint }) => fingerprint);
    this.#unread = [
      ...failed.map(({ file }) => file),
      ...contents.filter((one) => one.fingerprint.time === null).map(({ file }) => file),
    ];
  }

  get fingerprints(): readonly Fingerprint[] {
    return this.#fingerprints;
  }

  /**
   * Whether the file existed when following began, but was unreadable or without a time, and has not been written to
   * since.
   */
  wasUnread(file: UnreadFile): boolean {
    return this.#unread.some((one) => isUntouched(one, file));
  }

  /** A delivered segment stays known, even if its file goes. */
  remember(segment: LogSegment): void {
    this.#fingerprints = [...this.#fingerprints, segment.fingerprint];
    const { dev, ino, mtimeMs } = segment;
    // An empty file has no content by which to recognize it.
    if (segment.knownEnd === 0 && mtimeMs !== null) {
      this.#unread = [...this.#unread, { dev, ino, mtimeMs }].slice(-MAX_REMEMBERED);
    }
    this.#learnTimes(segment);
  }

  /** Forgets the oldest contents that no file holds any more, beyond the number that is remembered. */
  forgetAbsent(present: readonly Fingerprint[]): void {
    const absent = this.#fingerprints.filter((one) => !startsLikeAny(present, one));
    const forgotten = new Set(absent.slice(0, -MAX_REMEMBERED));
    this.#fingerprints = this.#fingerprints.filter((one) => !forgotten.has(one));
  }

  /**
   * What is needed to find the rotated files that were missed between the last segment of the chain and the next.
   *
   * @param copies files that are known to hold a segment of the chain
   */
  seen(
    chain: readonly LogSegment[],
    next: KnownNext,
    copies: readonly FileNumbers[],
  ): SeenFiles {
    for (const segment of chain) this.#learnTimes(segment);
    this.#learnTime(next.fingerprint.time);
    const segments = [...chain, next];
    return {
      fingerprints: [...this.#fingerprints, ...segments.map(({ fingerprint }) => fingerprint)],
      open: [...segments, ...copies],
      unread: this.#unread,
      next: next.isAtPath() ? null : next,
      beganAt: this.#first.fingerprint.time,
      clockWentBack: this.#clockWentBack,
    };
  }

  #learnTimes(segment: LogSegment): void {
    this.#firstTime ??= segment.fingerprint.time;
    this.#learnTime(segment.fingerprint.time);
    this.#learnTime(segment.lastTime);
  }

  #learnTime(time: Instant | null): void {
    this.#clockWentBack ||= isEarlier(time, this.#firstTime);
  }
}
