import { Failure } from "../failure/failure.ts";
import { fileErrorKind, type FileFacts, readDirectory, stat } from "../platform/files.ts";
import { type LogName, parseLogFileName } from "./name.ts";

/** A link in the log folder and the file that it leads to. */
export interface FolderEntry {
  readonly name: LogName;
  readonly path: string;
  /** Of the target. */
  readonly facts: FileFacts;
}

/**
 * What the log folder holds, by file name: every link whose name is a log's and whose target is a file; of all
 * namespaces where `wanted` is empty. Throws Failure not-found or permission-denied naming the folder.
 *
 * A stat for each link and no more (1,000 links: about 5 ms): where a link leads is checked when the log is read.
 */
export function readLogFolder(
  folder: string,
  wanted: ReadonlySet<string> = new Set(),
): Map<string, FolderEntry> {
  const found = new Map<string, FolderEntry>();
  for (const fileName of readFileNames(folder)) {
    const name = parseLogFileName(fileName);
    if (name === null || (wanted.size > 0 && !wanted.has(name.namespace))) continue;
    const path = `${folder}/${fileName}`;
    const facts = targetFacts(path);
    if (facts !== null) found.set(fileName, { name, path, facts });
  }
  return found;
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

/** Null where no regular file is to be had: gone, a dangling link, or not ours to see. */
function targetFacts(path: string): FileFacts | null {
  try {
    const facts = stat(path);
    return facts.isFile ? facts : null;
  } catch {
    return null;
  }
}
