import { Failure } from "../failure/failure.ts";
import { compareInstants, type Instant } from "../scan/instant.ts";
import { type FileContent, orderByContent } from "./content_order.ts";
import { type Fingerprint, matchesContent, readFingerprint, startsLikeAny } from "./fingerprint.ts";
import { StillInflating } from "./followed_gzip.ts";
import { readLastTime } from "./line_times.ts";
import type { FileNumbers, LogSource } from "./log_file.ts";
import { listRotatedFiles, openRotatedFile, type RotatedFile } from "./rotated_files.ts";

const DISORDER_SECONDS = 1;

/** A rotated file and how its content begins. */
export interface RotatedContent extends FileContent {
  readonly file: RotatedFile;
}

/** A file whose content is not known. */
export type UnreadFile = FileNumbers & Pick<RotatedFile, "mtimeMs">;

/** What is known of a log when its rotated files are examined. */
export interface SeenFiles {
  /** Contents that were delivered, or are older than the position where following began. */
  readonly fingerprints: readonly Fingerprint[];
  /** Files that are open. */
  readonly open: readonly FileNumbers[];
  /** Files that existed when following began but could not be read then, and those that stayed empty to the end. */
  readonly unread: readonly UnreadFile[];
  /** The first time in the file in which following began. */
  readonly beganAt: Instant | null;
  /**
   * The file whose lines come next, if it was itself rotated and others may have been written after it; null if it is
   * at the log's path, so that all others are older.
   */
  readonly next: (FileNumbers & { readonly fingerprint: Fingerprint }) | null;
  /** Whether lines have shown that the clock was set back since. */
  readonly clockWentBack: boolean;
}

/**
 * The rotated files that were never seen while they were the log, in the order in which they were written. Files that
 * were seen are recognized by content. A file that is older than the position where following began is omitted, unless
 * the clock was set back meanwhile: then times do not determine which is older, and all that counts is that the file
 * did not exist before.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { missedRotations } from "./missed_rotations.ts";
 *
 * const nothing = { fingerprints: [], open: [], unread: [], beganAt: null, next: null };
 * assert.deepEqual(missedRotations([], { ...nothing, clockWentBack: false }), []);
 * ```
 */
export function missedRotations(
  rotated: readonly RotatedContent[],
  seen: SeenFiles,
): RotatedContent[] {
  const isOlder = (time: Instant | null) => isEarlier(time, seen.beganAt);
  const isKnown = ({ file, fingerprint }: RotatedContent) =>
    seen.open.some((one) => isSame(one, file)) || startsLikeAny(seen.fingerprints, fingerprint);
  // An empty file is known as soon as one like it was seen: it does not define an order.
  const lastKnown = rotated.findLastIndex((one) => one.fingerprint.time !== null && isKnown(one));
  const unseen = rotated.filter((one, i) => {
    const { file, fingerprint } = one;
    if (isKnown(one)) return false;
    // It is empty, and nothing will be written to it.
    if (one.compressed && fingerprint.prefix.length === 0) return false;
    // A file without a time is ordered by its name alone: it must not come after one that is younger by name.
    if (fingerprint.time === null && i < lastKnown && !seen.clockWentBack) return false;
    if (seen.unread.some((one) => isUntouched(one, file))) {
      return fingerprint.time !== null && (seen.clockWentBack || !isOlder(fingerprint.time));
    }
    return seen.clockWentBack || !isOlder(fingerprint.time);
  });
  const { next } = seen;
  if (next === null) return orderByContent(unseen, null);
  // Files written after the next one are found when that one is replaced.
  const isNext = (one: FileContent & { readonly file?: RotatedFile }) =>
    one.file === undefined || isSame(one.file, next) ||
    matchesContent(one.fingerprint, next.fingerprint);
  const among = rotated.filter((one) => isNext(one) || unseen.includes(one));
  if (!among.some(isNext)) {
    // It has been removed. Times decide, if all files have times.
    if (next.fingerprint.time === null) return [];
    const timed = among.filter(({ fingerprint }) => fingerprint.time !== null);
    const removed: FileContent = { ...next, size: 0, compressed: false, lastTime: () => null };
    const ordered = orderByContent<FileContent>([...timed, removed], null);
    return timed.filter((one) => ordered.indexOf(one) < ordered.indexOf(removed));
  }
  const ordered = orderByContent(among, null);
  return ordered.slice(0, ordered.findIndex(isNext));
}

/** All rotated files of a log. */
export interface RotatedContents {
  readonly contents: readonly RotatedContent[];
  /** Those that cannot be read now. */
  readonly failed: readonly { readonly file: RotatedFile; readonly error: unknown }[];
}

/** A file that is renamed while the folder is read is found under its new name in the next listing. */
const ATTEMPTS = 3;

/**
 * The rotated files of the log at the real path. Throws the platform's error if its folder cannot be read, and Failure
 * not-found if it keeps changing.
 */
export function readRotatedContents(
  realPath: string,
  open: (file: RotatedFile) => LogSource,
): RotatedContents {
  for (let attempt = 1;; attempt++) {
    try {
      return readListed(realPath, open);
    } catch (error) {
      const isMoving = error instanceof Failure && error.kind === "not-found";
      if (!isMoving || attempt === ATTEMPTS) throw error;
    }
  }
}

function readListed(realPath: string, open: (file: RotatedFile) => LogSource): RotatedContents {
  const contents: RotatedContent[] = [];
  const failed: { file: RotatedFile; error: unknown }[] = [];
  for (const file of listRotatedFiles(realPath)) {
    try {
      using source = open(file);
      contents.push({
        file,
        fingerprint: readFingerprint(source),
        size: file.size,
        compressed: file.compressed,
        lastTime: () => file.compressed ? null : lastTimeOf(file),
      });
    } catch (error) {
      const isMoving = error instanceof Failure && error.kind === "not-found";
      if (isMoving && !(error instanceof StillInflating)) throw error;
      failed.push({ file, error });
    }
  }
  return { contents, failed };
}

function lastTimeOf(file: RotatedFile): Instant | null {
  try {
    using source = openRotatedFile(file);
    return readLastTime(source, source.size);
  } catch {
    return null; // Gone since; its first time must suffice.
  }
}

/**
 * Whether `a` is earlier by more than lines may be out of order, since stdout and stderr are stamped separately.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { isEarlier } from "./missed_rotations.ts";
 *
 * const at = (seconds: number) => ({ seconds, nanos: 0 });
 * assert.ok(isEarlier(at(10), at(12)));
 * assert.ok(!isEarlier(at(10), at(11)), "within the disorder of stdout and stderr");
 * assert.ok(!isEarlier(null, at(11)));
 * ```
 */
export function isEarlier(a: Instant | null, b: Instant | null): boolean {
  if (a === null || b === null) return false;
  return compareInstants({ seconds: a.seconds + DISORDER_SECONDS, nanos: a.nanos }, b) < 0;
}

/**
 * Whether it is still the same file and has not been written to since. An empty file may be removed, and its inode
 * number given to the next one at once.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { isUntouched } from "./missed_rotations.ts";
 *
 * const file = { realPath: "/x/0.log.1", dev: 1, ino: 2, stem: "0.log.1", compressed: false };
 * const before = { ...file, size: 0, mtimeMs: 5 };
 * assert.ok(isUntouched(before, { ...before }));
 * assert.ok(!isUntouched(before, { ...before, mtimeMs: 6 }));
 * ```
 */
export function isUntouched(before: UnreadFile, now: UnreadFile): boolean {
  return isSame(before, now) && before.mtimeMs === now.mtimeMs;
}

function isSame(a: FileNumbers, b: FileNumbers): boolean {
  return a.dev === b.dev && a.ino === b.ino;
}
