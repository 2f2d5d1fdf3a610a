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
  const reading = new FolderReading(folder, await readFileNames(folder));
  while (!reading.readOn(() => true));
  return reading.folder;
}

/** How many links are examined before the time is checked. */
const LINKS_PER_STEP = 32;

/** The content of the log folder that has been read so far. Owned by the code that reads the folder, step by step. */
export class FolderReading {
  readonly #path: string;
  readonly #names: readonly string[];
  readonly #entries = new Map<string, FolderEntry>();
  readonly #unknown = new Set<string>();
  #next = 0;

  /** @param names as returned by readFileNames */
  constructor(path: string, names: readonly string[]) {
    this.#path = path;
    this.#names = names;
  }

  get folder(): LogFolder {
    return { entries: this.#entries, unknown: this.#unknown };
  }

  /** Examines links while there is time, at least a few. Returns whether all have been examined. */
  readOn(hasTime: () => boolean): boolean {
    do {
      const end = Math.min(this.#next + LINKS_PER_STEP, this.#names.length);
      while (this.#next < end) this.#examine(this.#names[this.#next++] ?? "");
      if (this.#next === this.#names.length) return true;
    } while (hasTime());
    return false;
  }

  #examine(fileName: string): void {
    const name = parseLogFileName(fileName);
    if (name === null) return;
    const path = `${this.#path}/${fileName}`;
    try {
      const facts = stat(path);
      if (facts.isFile) this.#entries.set(fileName, { name, path, facts });
    } catch (error) {
      const isGone = fileErrorKind(error) === "not-found" || leadsInCircle(error);
      if (!isGone) this.#unknown.add(fileName);
    }
  }
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
