import { fileErrorKind, type FileFacts, lstat } from "../platform/files.ts";
import type { FileNumbers } from "./log_file.ts";
import type { PathState } from "./transitions.ts";

/** Whether the path leads to the file, without links. */
export function isAt(path: string, file: FileNumbers): boolean {
  return isSameFile(stateAt(lstat, path).state, file);
}

/**
 * The result of stat or lstat at a path.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { stateAt } from "./path_state.ts";
 * import { lstat } from "../platform/files.ts";
 *
 * assert.deepEqual(stateAt(lstat, "/no/such/path").state, { kind: "absent" });
 * assert.deepEqual(stateAt(lstat, "/").state, { kind: "other" });
 * ```
 */
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

/**
 * Whether anything is at the path; true if that cannot be checked.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { exists } from "./path_state.ts";
 *
 * assert.ok(exists("/"));
 * assert.ok(!exists("/no/such/path"));
 * ```
 */
export function exists(path: string): boolean {
  try {
    lstat(path);
    return true;
  } catch (error) {
    return fileErrorKind(error) !== "not-found";
  }
}

/**
 * Whether it is the open file.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { isSameFile } from "./path_state.ts";
 *
 * assert.ok(isSameFile({ kind: "file", dev: 1, ino: 2 }, { dev: 1, ino: 2 }));
 * assert.ok(!isSameFile({ kind: "absent" }, { dev: 1, ino: 2 }));
 * ```
 */
export function isSameFile(state: PathState, open: FileNumbers): boolean {
  return state.kind === "file" && state.dev === open.dev && state.ino === open.ino;
}
