import { basename, dirname } from "node:path";
import { Failure } from "../failure/failure.ts";
import { fileErrorKind, lstat, readDirectory } from "../platform/files.ts";
import { GzipLog } from "./gzip_log.ts";
import { isPlainFile } from "./locate.ts";
import { LogFile, type LogIdentity, type LogSource } from "./log_file.ts";

/** A file whose name suggests that it is an earlier file of a log. Only its content shows whether it is. */
export interface RotatedFile extends LogIdentity {
  /** The file's name without .gz: the same before and after it is compressed. */
  readonly stem: string;
  readonly compressed: boolean;
  /** Size on disk in bytes. */
  readonly size: number;
  readonly mtimeMs: number;
}

/**
 * What follows the log's own name: the kubelet's local time of rotation (0.log.20261123-101530), logrotate's dateext
 * (-20261123, in hours -2026112310, in seconds -20261123-1795428930), or Docker's and logrotate's number
 * (abc-json.log.2, higher is older); .gz if compressed. Other names (.tmp during compression) are not read.
 */
const SUFFIX = /^(?:[.-](\d{8}(?:\d{2})?(?:-\d{6,11})?)|\.(\d{1,7}))(\.gz)?$/;

/** A rotation that increments the number of every file ends within fewer listings than this. */
const ATTEMPTS = 10;

/**
 * The files that may be rotated files of the log at the real path, in the order that their names suggest, oldest first,
 * as of one moment. Omits links and anything but regular files, and a compressed file next to the one that it was made
 * from. Empty if the folder is gone. Throws the platform's error if the folder or a file's facts cannot be read, and
 * Failure not-found if files are renamed or removed each time.
 */
export function listRotatedFiles(realPath: string): RotatedFile[] {
  let before = listOnce(realPath);
  for (let attempt = 1; attempt < ATTEMPTS; attempt++) {
    // If a file's name passes to another file between reading the folder and reading the facts, one of the two is
    // missing in each listing.
    const now = listOnce(realPath);
    if (before !== null && now !== null && isSameListing(before, now)) return now;
    before = now;
  }
  throw new Failure("not-found", `Cannot list the rotated files of ${realPath}: they are renamed`);
}

function isSameListing(before: readonly RotatedFile[], now: readonly RotatedFile[]): boolean {
  return before.length === now.length && before.every((a, i) => {
    const b = now[i];
    return a.realPath === b?.realPath && a.dev === b.dev && a.ino === b.ino;
  });
}

/** Null if a file has gone meanwhile. */
function listOnce(realPath: string): RotatedFile[] | null {
  const folder = dirname(realPath);
  const base = basename(realPath);
  const found = new Map<string, { file: RotatedFile; stamp: string; number: number }>();
  // The folder may contain many other files; these are not sorted.
  for (const fileName of namesIn(folder).filter((name) => name.startsWith(base)).sort()) {
    const match = SUFFIX.exec(fileName.slice(base.length));
    if (match === null) continue;
    const [, stamp = "", number = "-1", gz] = match;
    const stem = gz === undefined ? fileName : fileName.slice(0, -gz.length);
    if (gz !== undefined && found.has(stem)) continue;
    const path = `${folder}/${fileName}`;
    const facts = factsOf(path);
    if (facts === null) return null;
    if (!isPlainFile(facts)) continue;
    const file = {
      realPath: path,
      dev: facts.dev,
      ino: facts.ino,
      stem,
      compressed: gz !== undefined,
      size: facts.size,
      mtimeMs: facts.mtimeMs,
    };
    found.set(stem, { file, stamp, number: Number(number) });
  }
  return [...found.values()]
    .sort((a, b) => b.number - a.number || (a.stamp < b.stamp ? -1 : a.stamp > b.stamp ? 1 : 0))
    .map((entry) => entry.file);
}

/** Opens a rotated file, inflated if it is compressed. Throws Failure if it has gone or changed meanwhile. */
export function openRotatedFile(rotated: RotatedFile): LogSource {
  const file = LogFile.open(rotated);
  return rotated.compressed ? new GzipLog(file) : file;
}

function namesIn(folder: string): string[] {
  try {
    return readDirectory(folder).map((entry) => entry.name);
  } catch (error) {
    if (fileErrorKind(error) === "not-found") return [];
    throw error;
  }
}

function factsOf(path: string) {
  try {
    return lstat(path);
  } catch (error) {
    if (fileErrorKind(error) === "not-found") return null; // Gone since the folder was read.
    throw error;
  }
}
