import { Failure } from "../failure/failure.ts";
import { fileErrorKind, type FileFacts, readDirectory, stat } from "../platform/files.ts";
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
 * Every link whose name is that of a log. Throws Failure not-found or permission-denied naming the folder, and the
 * platform's error if it cannot be read for another reason.
 *
 * This takes one stat per link (1,000 links: about 5 ms): where a link leads is checked when the log is read.
 */
export function readLogFolder(folder: string): LogFolder {
  const entries = new Map<string, FolderEntry>();
  const unknown = new Set<string>();
  for (const fileName of readFileNames(folder)) {
    const name = parseLogFileName(fileName);
    if (name === null) continue;
    const path = `${folder}/${fileName}`;
    try {
      const facts = stat(path);
      if (facts.isFile) entries.set(fileName, { name, path, facts });
    } catch (error) {
      if (fileErrorKind(error) !== "not-found" && !leadsInCircle(error)) unknown.add(fileName);
    }
  }
  return { entries, unknown };
}

/** The names in the log folder. Throws Failure not-found or permission-denied naming the folder. */
export function readFileNames(folder: string): string[] {
  try {
    return readDirectory(folder).map((entry) => entry.name);
  } catch (error) {
    const cannot = `Cannot list the log folder ${folder}`;
    switch (fileErrorKind(error)) {
      case "not-found":
        throw new Failure("not-found", `${cannot}: no such folder`, { cause: error });
      case "permission-denied":
        throw new Failure(
          "permission-denied",
          `${cannot}: the agent may not read it; run the agent as a user who may (root on most nodes)`,
          { cause: error },
        );
      default:
        throw error;
    }
  }
}

function leadsInCircle(error: unknown): boolean {
  return error instanceof Error && error.name === "FilesystemLoop";
}
