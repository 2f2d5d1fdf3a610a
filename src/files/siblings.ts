import { basename, dirname } from "node:path";
import { lstat, readDirectory } from "../platform/files.ts";
import { GzipLog } from "./gzip_log.ts";
import { isPlainFile } from "./locate.ts";
import { LogFile, type LogIdentity, type LogSource } from "./log_file.ts";

/** A file that the log was before its rotation. */
export interface Sibling extends LogIdentity {
  /** The file's name without .gz: the same before and after it is compressed. */
  readonly stem: string;
  readonly compressed: boolean;
  readonly size: number;
  readonly mtimeMs: number;
}

/**
 * What follows the log's own name: kubelet's time of rotation (0.log.20261123-101530), logrotate's dateext
 * (0.log-20261123) or Docker's and logrotate's number (abc-json.log.2, higher is older); .gz when compressed.
 */
const SUFFIX = /^(?:[.-](\d{8}(?:-\d{6})?)|\.(\d{1,7}))(\.gz)?$/;

/**
 * The rotated siblings of the log at the real path, oldest first. Links and whatever is no regular file are left
 * out, and so is a compressed file beside the one that it is made of. Empty where the folder cannot be read.
 */
export function listSiblings(realPath: string): Sibling[] {
  const folder = dirname(realPath);
  const base = basename(realPath);
  const found = new Map<string, { sibling: Sibling; stamp: string; number: number }>();
  for (const fileName of namesIn(folder)) {
    if (!fileName.startsWith(base)) continue;
    const match = SUFFIX.exec(fileName.slice(base.length));
    if (match === null) continue;
    const [, stamp = "", number = "-1", gz] = match;
    const stem = gz === undefined ? fileName : fileName.slice(0, -gz.length);
    if (gz !== undefined && found.has(stem)) continue;
    const path = `${folder}/${fileName}`;
    const facts = factsOf(path);
    if (facts === null || !isPlainFile(facts)) continue;
    const sibling = {
      realPath: path,
      dev: facts.dev,
      ino: facts.ino,
      stem,
      compressed: gz !== undefined,
      size: facts.size,
      mtimeMs: facts.mtimeMs,
    };
    found.set(stem, { sibling, stamp, number: Number(number) });
  }
  return [...found.values()]
    .sort((a, b) => b.number - a.number || (a.stamp < b.stamp ? -1 : a.stamp > b.stamp ? 1 : 0))
    .map((entry) => entry.sibling);
}

/** Opens a sibling, inflated where it is compressed. Throws Failure where it has gone or changed meanwhile. */
export function openSibling(sibling: Sibling): LogSource {
  const file = LogFile.open(sibling);
  return sibling.compressed ? new GzipLog(file) : file;
}

function namesIn(folder: string): string[] {
  try {
    return readDirectory(folder).map((entry) => entry.name);
  } catch {
    return [];
  }
}

function factsOf(path: string) {
  try {
    return lstat(path);
  } catch {
    return null; // Gone since the folder was read.
  }
}
