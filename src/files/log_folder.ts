import { Failure } from "../failure/failure.ts";
import { fileErrorKind, type FileFacts, readNames, stat } from "../platform/files.ts";
import { type LogName, parseLogFileName } from "./name.ts";

/** A link in the log folder and the file that it leads to. */
export interface FolderEntry {
  readonly name: LogName;
  readonly path: string;
  /** Facts of the target. */
  readonly facts: FileFacts;
}

/** The content of the log folder, by file name. */
export interface LogFolder {
  /** Links whose target is a regular file. */
  readonly entries: ReadonlyMap<string, FolderEntry>;
  /** Links whose target cannot be checked now: no permission, or no descriptor left. */
  readonly unknown: ReadonlySet<string>;
}

/**
 * Every link whose name is that of a log. Rejects with Failure not-found or permission-denied naming the folder, and with
 * the platform's error if it cannot be read for another reason.
 *
 * This takes one stat per link (1,000 links: about 5 ms): where a link leads is checked when the log is read.
 */
export async function readLogFolder(folder: string): Promise<LogFolder> {
  const steps = examineLinks(folder, await readFileNames(folder));
  let step = steps.next();
  while (!step.done) step = steps.next();
  return step.value;
}

/** How many links are examined in a step. */
const LINKS_PER_STEP = 32;

/**
 * The content of the log folder, read in steps.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { examineLinks } from "./log_folder.ts";
 *
 * // A name that is not that of a log is skipped without a file system call.
 * const result = examineLinks("/var/log/containers", ["notes.txt"]).next();
 * assert.equal(result.done && result.value.entries.size, 0);
 * ```
 *
 * @param names as returned by readFileNames
 */
export function* examineLinks(
  folder: string,
  names: readonly string[],
): Generator<void, LogFolder> {
  const entries = new Map<string, FolderEntry>();
  const unknown = new Set<string>();
  for (const [index, fileName] of names.entries()) {
    if (index > 0 && index % LINKS_PER_STEP === 0) yield;
    const name = parseLogFileName(fileName);
    if (name === null) continue;
    const path = `${folder}/${fileName}`;
    try {
      const facts = stat(path);
      if (facts.isFile) entries.set(fileName, { name, path, facts });
    } catch (error) {
      const isGone = fileErrorKind(error) === "not-found" || leadsInCircle(error);
      if (!isGone) unknown.add(fileName);
    }
  }
  return { entries, unknown };
}

/**
 * The names in the log folder; a promise if the folder is large. Throws, or rejects with, Failure not-found or
 * permission-denied naming the folder.
 */
export function readFileNames(folder: string): string[] | Promise<string[]> {
  try {
    const names = readNames(folder);
    return names instanceof Promise
      ? names.catch((error) => {
        throw folderFailure(folder, error);
      })
      : names;
  } catch (error) {
    throw folderFailure(folder, error);
  }
}

function folderFailure(folder: string, error: unknown): unknown {
  const cannot = `Cannot list the log folder ${folder}`;
  switch (fileErrorKind(error)) {
    case "not-found":
      return new Failure("not-found", `${cannot}: no such folder`, { cause: error });
    case "permission-denied":
      return new Failure(
        "permission-denied",
        `${cannot}: the agent may not read it; run the agent as a user who may (root on most nodes)`,
        { cause: error },
      );
    default:
      return error;
  }
}

function leadsInCircle(error: unknown): boolean {
  return error instanceof Error && error.name === "FilesystemLoop";
}
