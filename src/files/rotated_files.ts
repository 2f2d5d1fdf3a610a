import { basename, dirname } from "node:path";
import { fileErrorKind, lstat, readDirectory } from "../platform/files.ts";
import { GzipLog } from "./gzip_log.ts";
import { isPlainFile } from "./locate.ts";
import { LogFile, type LogIdentity, type LogSource } from "./log_file.ts";

/** A file whose name suggests that it is an earlier file of a log. Only its content shows whether it is. */
export interface RotatedFile extends LogIdentity {
  /** The file's name without .gz: the same before and after it is compressed. */
  readonly stem: string;
  readonly compressed: boolean;
  /** Bytes, as they lie on disk. */
  readonly size: number;
  readonly mtimeMs: number;
}

/**
 * What follows the log's own name: kubelet's local time of rotation (0.log.20261123-101530), logrotate's dateext
 * (-20261123, in hours -2026112310, in seconds -20261123-1795428930), or Docker's and logrotate's number
 * (abc-json.log.2, higher is older); .gz when compressed. Whatever else there is (.tmp while it is being
 * compressed) is not read.
 */
const SUFFIX = /^(?:[.-](\d{8}(?:\d{2})?(?:-\d{6,11})?)|\.(\d{1,7}))(\.gz)?$/;

/**
 * The files that may be rotated files of the log at the real path, in the order that their names suggest, oldest
 * first. Links and anything but regular files are left out, and so is a compressed file beside the one that
 * it is made of. Empty where the folder is gone; throws the platform's error where it cannot be read.
 */
export function listRotatedFiles(realPath: string): RotatedFile[] {
  const folder = dirname(realPath);
  const base = basename(realPath);
  const found = new Map<string, { file: RotatedFile; stamp: string; number: number }>();
  for (const fileName of namesIn(folder).sort()) {
    if (!fileName.startsWith(base)) continue;
    const match = SUFFIX.exec(fileName.slice(base.length));
    if (match === null) continue;
    const [, stamp = "", number = "-1", gz] = match;
    const stem = gz === undefined ? fileName : fileName.slice(0, -gz.length);
    if (gz !== undefined && found.has(stem)) continue;
    const path = `${folder}/${fileName}`;
    const facts = factsOf(path);
    if (facts === null || !isPlainFile(facts)) continue;
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

/** Opens a rotated file, inflated where it is compressed. Throws Failure where it has gone or changed meanwhile. */
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
  } catch {
    return null; // Gone since the folder was read.
  }
}
