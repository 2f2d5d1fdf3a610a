import { Failure } from "../failure/failure.ts";
import type { Report } from "../telemetry/events.ts";
import { findCopy, type FoundCopy } from "./copy_search.ts";
import type { Fingerprint } from "./fingerprint.ts";
import { type Examinations, StillInflating } from "./followed_gzip.ts";
import { KnownContents } from "./known_contents.ts";
import type { FileNumbers, LogSource } from "./log_file.ts";
import { LogSegment, type SegmentCopy } from "./log_segment.ts";
import {
  missedRotations,
  readRotatedContents,
  type RotatedContent,
  type RotatedContents,
} from "./missed_rotations.ts";
import { listRotatedFiles, type RotatedFile } from "./rotated_files.ts";

/** The file whose lines come next. */
export interface NextFile extends FileNumbers {
  readonly fingerprint: Fingerprint;
  /** Called after the rotated files have been read: whether it still begins as the fingerprint says. */
  isUnchanged(): boolean;
  /** Called after the rotated files have been read: whether it is at the log's path, so that all others are older. */
  isAtPath(): boolean;
}

/**
 * The rotated files of a followed log: which of them are older than the follow or were delivered, which were missed,
 * and which one holds a segment's bytes. Owned by the RotationTracker; Succession asks it.
 */
export class RotatedHistory {
  readonly #report: Report;
  readonly #open: (file: RotatedFile) => LogSource;
  readonly #known: KnownContents;
  #realPath: string;
  /** The rotated files when they were last compared with the known contents. */
  #compared: string | null = null;

  /** @param first the segment in which following begins, grown to its file's content */
  constructor(
    realPath: string,
    first: LogSegment,
    { report, examinations }: { readonly report: Report; readonly examinations: Examinations },
  ) {
    this.#open = (file) => examinations.open(file);
    this.#realPath = realPath;
    this.#report = report;
    let listed: RotatedContents = { contents: [], failed: [] };
    try {
      listed = readRotatedContents(realPath, this.#open);
    } catch {
      // The folder cannot be read now. Files that are older than the first one are recognized by their times.
    }
    this.#known = new KnownContents(first, listed);
  }

  /** The log is at another path from now on. */
  moveTo(realPath: string): void {
    this.#realPath = realPath;
  }

  /** A delivered segment stays known, even if its file goes. */
  remember(segment: LogSegment): void {
    this.#known.remember(segment);
  }

  /**
   * Segments of files that were the log between the last one of the chain and the next, and that were never seen.
   * Throws if one cannot be read now, unless it may be given up: then its bytes are counted as lost.
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

  /** Whether there is a file with text that `missed` would return. Throws as it does. */
  hasUnseen(chain: readonly LogSegment[], next: NextFile): boolean {
    // The same files as in the last comparison: no need to open them.
    if (statesOf(listRotatedFiles(this.#realPath)) === this.#compared) return false;
    const { contents } = this.#read([...chain, next], false, next);
    const unseen = this.#unseen(contents, chain, next);
    return unseen.some(({ fingerprint }) => fingerprint.prefix.length > 0);
  }

  /**
   * After a truncation of the last segment of the chain: a copy that holds it, and segments of the copies that were
   * made between it and its file's current content. Throws as `missed` does.
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
   * The rotated file that holds most of a segment; the caller disposes of it. Null if there is none. Throws if one
   * cannot be read now, unless it may be given up.
   *
   * @param chain the segments whose files are known
   * @param options.except the segment whose file does not count
   */
  find(
    segment: LogSegment,
    chain: readonly LogSegment[],
    { except = null, mayGiveUp = false }: {
      readonly except?: FileNumbers | null;
      readonly mayGiveUp?: boolean;
    } = {},
  ): FoundCopy | null {
    // A beginning without a time would be found in any file: known files do not count.
    const others = segment.fingerprint.time !== null ? [] : [
      ...this.#known.fingerprints,
      ...chain.filter((one) => one !== segment).map(({ fingerprint }) => fingerprint),
    ];
    const { contents } = this.#read(chain, mayGiveUp);
    const candidates = contents.filter(({ file }) => except === null || !isSame(file, except));
    return findCopy(segment, candidates, { others, open: this.#open });
  }

  /** The readable files; an unreadable file that may be new is given up, or is an error. */
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
      !this.#known.wasUnread(file) && !known.some((one) => isSame(one, file));
    const unreadable = all.failed.filter(({ file }) => isNew(file));
    const unknown = unreadable.find(({ error }) => !mayGiveUp || error instanceof StillInflating);
    if (unknown !== undefined) throw unknown.error;
    return { contents: all.contents, failed: unreadable };
  }

  #unseen(
    contents: readonly RotatedContent[],
    chain: readonly LogSegment[],
    next: NextFile,
    copies: readonly FileNumbers[] = [],
  ): RotatedContent[] {
    const missed = missedRotations(contents, this.#known.seen(chain, next, copies));
    // Files that still exist must stay known.
    this.#known.forgetAbsent(contents.map(({ fingerprint }) => fingerprint));
    return missed;
  }

  #segments(missed: readonly RotatedContent[], mayGiveUp: boolean): LogSegment[] {
    const opened: LogSegment[] = [];
    for (const { file } of missed) {
      let segment: LogSegment | null = null;
      try {
        segment = new LogSegment(this.#open(file));
        if (segment.grow() === "truncated") {
          throw new Failure("not-found", `Cannot follow ${file.realPath}: it is being truncated`);
        }
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

/** A removed file may leave its name and its inode number to the next copy, so size and time count as well. */
function statesOf(files: readonly RotatedFile[]): string {
  return files.map(({ realPath, ino, size, mtimeMs }) => `${realPath} ${ino} ${size} ${mtimeMs}`)
    .join("\n");
}

function isSame(a: FileNumbers, b: FileNumbers): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}
