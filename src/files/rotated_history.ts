import { Failure } from "../failure/failure.ts";
import type { Report } from "../telemetry/events.ts";
import { type Fingerprint, startsLikeAny } from "./fingerprint.ts";
import type { FileNumbers, LogSource } from "./log_file.ts";
import type { Holding } from "./growing_text.ts";
import { LogSegment, type SegmentCopy } from "./log_segment.ts";
import type { Instant } from "../scan/instant.ts";
import {
  isEarlier,
  isUntouched,
  missedRotations,
  readRotatedContents,
  type RotatedContent,
  type RotatedContents,
} from "./missed_rotations.ts";
import { type Examinations, StillInflating } from "./followed_gzip.ts";
import { listRotatedFiles, type RotatedFile } from "./rotated_files.ts";

/** The file whose lines come next. */
export interface NextFile extends FileNumbers {
  readonly fingerprint: Fingerprint;
  /** Asked after the rotated files have been read: does it still begin as the fingerprint says? */
  isUnchanged(): boolean;
  /** Asked after the rotated files have been read: does it lie at the log's path, so that all others are older? */
  isAtPath(): boolean;
}

/** Contents that are remembered though no file holds them now: a rename may hide a file for a moment. */
const MAX_REMEMBERED = 64;

/**
 * The rotated files of a followed log: which of them are older than the follow or were given out, which were missed, and
 * which holds a segment's bytes.
 */
export class RotatedHistory {
  readonly #report: Report;
  readonly #open: (file: RotatedFile) => LogSource;
  #known: Fingerprint[] = [];
  readonly #unread: readonly RotatedFile[];
  readonly #first: LogSegment;
  #realPath: string;
  /** The rotated files when they were last compared with what is known. */
  #compared: string | null = null;
  /** Of the first line that was seen: where following began, or later where that file was never seen to hold one. */
  #firstTime: Instant | null = null;
  /** Has a line been seen that is earlier than that? */
  #clockWentBack = false;

  /** @param first in which following begins, grown to what it holds */
  constructor(
    realPath: string,
    first: LogSegment,
    { report, examinations }: { readonly report: Report; readonly examinations: Examinations },
  ) {
    this.#open = (file) => examinations.open(file);
    this.#realPath = realPath;
    this.#first = first;
    this.#report = report;
    this.#learnTimes(first);
    let listed: ReturnType<typeof readRotatedContents> = { contents: [], failed: [] };
    try {
      listed = readRotatedContents(realPath, this.#open);
    } catch {
      // The folder cannot be read now. Files that are older than the first one are recognized by their times.
    }
    this.#known.push(...listed.contents.map(({ fingerprint }) => fingerprint));
    this.#unread = [
      ...listed.failed.map(({ file }) => file),
      ...listed.contents.filter((one) => one.fingerprint.time === null).map(({ file }) => file),
    ];
  }

  /** The log lies under another path from now on. */
  moveTo(realPath: string): void {
    this.#realPath = realPath;
  }

  /** A segment that was delivered stays known, even when its file goes. */
  remember(segment: LogSegment): void {
    this.#known.push(segment.fingerprint);
    this.#learnTimes(segment);
  }

  /**
   * Segments of files that were the log between the last one of the chain and the next, and that nobody saw. Throws where
   * one cannot be read now, unless that may be given up: then its bytes are counted as lost.
   */
  missed(
    chain: readonly LogSegment[],
    next: NextFile,
    { mayGiveUp }: { readonly mayGiveUp: boolean },
  ): LogSegment[] {
    const { contents, failed } = this.#read([...chain, next], mayGiveUp, next);
    for (const { file } of failed) this.#countLost(file);
    const missed = this.#segments(this.#unseen(contents, chain, next), mayGiveUp);
    this.#compared = statesOf(contents.map(({ file }) => file));
    return missed;
  }

  /** Is there a file with text that `missed` would return? Throws as it does. */
  hasUnseen(chain: readonly LogSegment[], next: NextFile): boolean {
    // The same files as when they were last compared: no need to open them.
    if (statesOf(listRotatedFiles(this.#realPath)) === this.#compared) return false;
    const { contents } = this.#read([...chain, next], false, next);
    const unseen = this.#unseen(contents, chain, next);
    return unseen.some(({ fingerprint }) => fingerprint.prefix.length > 0);
  }

  /**
   * After a truncation of the last segment of the chain: a copy that holds it, and segments of the copies that were made
   * between it and what its file holds now. Throws as `missed` does.
   */
  afterTruncation(
    chain: readonly LogSegment[],
    next: NextFile,
    { mayGiveUp }: { readonly mayGiveUp: boolean },
  ): { readonly copy: SegmentCopy | null; readonly missed: LogSegment[] } {
    const truncated = chain.at(-1);
    if (truncated === undefined) return { copy: null, missed: [] };
    const { contents } = this.#read([...chain, next], mayGiveUp, next);
    const copy = this.find(truncated, chain, { except: next, mayGiveUp });
    try {
      const known = copy === null ? [] : [copy.file];
      return {
        copy,
        missed: this.#segments(this.#unseen(contents, chain, next, known), mayGiveUp),
      };
    } catch (error) {
      copy?.source[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * The rotated file that holds most of a segment; the caller disposes of it. Null where there is none. Throws where one
   * cannot be read now, unless that may be given up.
   *
   * @param chain whose files are known
   * @param options.except whose file does not count
   */
  find(
    segment: LogSegment,
    chain: readonly LogSegment[],
    { except = null, mayGiveUp = false }: {
      readonly except?: FileNumbers | null;
      readonly mayGiveUp?: boolean;
    } = {},
  ): SegmentCopy & { readonly file: RotatedFile } | null {
    // A beginning without a time would be found in any file: those that are known do not count.
    const others = segment.fingerprint.time !== null ? [] : [
      ...this.#known,
      ...chain.filter((one) => one !== segment).map(({ fingerprint }) => fingerprint),
    ];
    const { contents } = this.#read(chain, mayGiveUp);
    let best: SegmentCopy & { readonly file: RotatedFile } | null = null;
    for (const { file, fingerprint } of contents.toReversed()) {
      if (except !== null && isSame(file, except)) continue;
      if (startsLikeAny(others, fingerprint) || !segment.mayBeHeldBy(fingerprint)) continue;
      const source = this.#open(file);
      let holding: Holding;
      try {
        holding = segment.heldBy(source);
      } catch (error) {
        source[Symbol.dispose]();
        best?.source[Symbol.dispose]();
        throw error;
      }
      const isBetter = best === null || holding === "all" || source.size > best.source.size;
      if (holding === "nothing" || !isBetter) source[Symbol.dispose]();
      else {
        best?.source[Symbol.dispose]();
        best = { source, holding, file };
      }
      if (holding === "all") break;
    }
    return best;
  }

  /** What can be read; what cannot though it may be new is given up, or an error. */
  #read(
    known: readonly FileNumbers[],
    mayGiveUp: boolean,
    next: NextFile | null = null,
  ): RotatedContents {
    let all: RotatedContents;
    try {
      all = readRotatedContents(this.#realPath, this.#open);
      if (next?.isUnchanged() === false) {
        throw new Failure("not-found", `Cannot follow ${this.#realPath}: it is being rotated`);
      }
    } catch (error) {
      const isMoving = error instanceof Failure && error.kind === "not-found";
      if (mayGiveUp && !isMoving) return { contents: [], failed: [] };
      throw error;
    }
    const isNew = (file: RotatedFile) =>
      !this.#unread.some((one) => isUntouched(one, file)) &&
      !known.some((one) => isSame(one, file));
    const unreadable = all.failed.filter(({ file }) => isNew(file));
    const unknown = unreadable.find(({ error }) => !mayGiveUp || error instanceof StillInflating);
    if (unknown !== undefined) throw unknown.error;
    return { contents: all.contents, failed: unreadable };
  }

  #unseen(
    contents: readonly RotatedContent[],
    chain: readonly LogSegment[],
    next: NextFile,
    known: readonly FileNumbers[] = [],
  ): RotatedContent[] {
    const segments = [...chain, next];
    for (const segment of chain) this.#learnTimes(segment);
    this.#learnTime(next.fingerprint.time);
    const missed = missedRotations(contents, {
      fingerprints: [...this.#known, ...segments.map(({ fingerprint }) => fingerprint)],
      open: [...segments, ...known],
      unread: this.#unread,
      next: next.isAtPath() ? null : next,
      beganAt: this.#first.fingerprint.time,
      clockWentBack: this.#clockWentBack,
    });
    // What is on the disk still must stay known; a rename may hide a file for a moment, so others do for a while.
    const present = contents.map(({ fingerprint }) => fingerprint);
    const absent = this.#known.filter((one) => !startsLikeAny(present, one));
    const forgotten = new Set(absent.slice(0, -MAX_REMEMBERED));
    this.#known = this.#known.filter((one) => !forgotten.has(one));
    return missed;
  }

  #learnTimes(segment: LogSegment): void {
    this.#firstTime ??= segment.fingerprint.time;
    this.#learnTime(segment.fingerprint.time);
    this.#learnTime(segment.lastTime);
  }

  #learnTime(time: Instant | null): void {
    this.#clockWentBack ||= isEarlier(time, this.#firstTime);
  }

  #segments(missed: readonly RotatedContent[], mayGiveUp: boolean): LogSegment[] {
    const opened: LogSegment[] = [];
    for (const { file } of missed) {
      let segment: LogSegment | null = null;
      try {
        segment = new LogSegment(this.#open(file));
        segment.grow();
        opened.push(segment);
      } catch (error) {
        segment?.[Symbol.dispose]();
        if (mayGiveUp && !(error instanceof StillInflating)) this.#countLost(file);
        else {
          for (const segment of opened) segment[Symbol.dispose]();
          throw error;
        }
      }
    }
    return opened;
  }

  #countLost({ size, realPath }: RotatedFile): void {
    this.#report({ type: "truncated", bytes: size, path: realPath, cause: "unreadable" });
  }
}

/** A file that was removed may leave its name and its inode number to the next copy, so size and time count as well. */
function statesOf(files: readonly RotatedFile[]): string {
  return files.map(({ realPath, ino, size, mtimeMs }) => `${realPath} ${ino} ${size} ${mtimeMs}`)
    .join("\n");
}

function isSame(a: FileNumbers, b: FileNumbers): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}
