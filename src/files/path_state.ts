import { fileErrorKind, type FileFacts, lstat } from "../platform/files.ts";
import type { PathState } from "./transitions.ts";

/** Does the path lead to the file, without links? */
export function isAt(path: string, file: Pick<FileFacts, "dev" | "ino">): boolean {
  return isSameFile(stateAt(lstat, path).state, file);
}

/** What a call of the file system (stat, lstat) finds at a path. */
export function stateAt(
  call: (path: string) => FileFacts,
  path: string,
): { readonly state: PathState; readonly facts: FileFacts | null; readonly error?: unknown } {
  try {
    const facts = call(path);
    const { dev, ino } = facts;
    return { state: facts.isFile ? { kind: "file", dev, ino } : { kind: "other" }, facts };
  } catch (error) {
    if (fileErrorKind(error) === "not-found") return { state: { kind: "absent" }, facts: null };
    return { state: { kind: "refused" }, facts: null, error };
  }
}

/** Is there anything at the path? Where that cannot be told, yes. */
export function exists(path: string): boolean {
  try {
    lstat(path);
    return true;
  } catch (error) {
    return fileErrorKind(error) !== "not-found";
  }
}

/** Is it the file that is open? */
export function isSameFile(state: PathState, open: Pick<FileFacts, "dev" | "ino">): boolean {
  return state.kind === "file" && state.dev === open.dev && state.ino === open.ino;
}
