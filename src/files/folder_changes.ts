import type { FolderEntry, LogFolder } from "./log_folder.ts";

/** How many names are compared in one step: some tens of microseconds. */
const NAMES_PER_STEP = 256;

/** What has changed between two listings of the log folder. */
export interface FolderChanges {
  /** The later listing, with the entries of the earlier one where they are the same. */
  readonly folder: LogFolder;
  /** The file names whose entries differ. */
  readonly changed: ReadonlySet<string>;
}

/**
 * Compares two listings of the log folder, step by step.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { compareFolders } from "./folder_changes.ts";
 *
 * const empty = { entries: new Map(), unknown: new Set<string>() };
 * const refused = { ...empty, unknown: new Set(["p_ns_c-1.log"]) };
 * const result = compareFolders(empty, refused).next();
 * assert.deepEqual(result.done && result.value.changed, new Set(["p_ns_c-1.log"]));
 * ```
 */
export function* compareFolders(
  before: LogFolder,
  now: LogFolder,
): Generator<void, FolderChanges> {
  const entries = new Map<string, FolderEntry>();
  const changed = new Set<string>();
  let compared = 0;
  for (const [fileName, entry] of now.entries) {
    const known = before.entries.get(fileName);
    const isSame = known !== undefined && isSameEntry(known, entry);
    entries.set(fileName, isSame ? known : entry);
    if (!isSame) changed.add(fileName);
    if (++compared % NAMES_PER_STEP === 0) yield;
  }
  for (const fileName of before.entries.keys()) {
    if (!now.entries.has(fileName)) changed.add(fileName);
    if (++compared % NAMES_PER_STEP === 0) yield;
  }
  // Whether a file is unknown determines whether it is missing.
  for (const fileName of [...before.unknown, ...now.unknown]) {
    if (before.unknown.has(fileName) !== now.unknown.has(fileName)) changed.add(fileName);
    if (++compared % NAMES_PER_STEP === 0) yield;
  }
  // Watches keep the folder as it was when they began: hundreds that began one after another share everything that has
  // not changed in between.
  return { folder: changed.size === 0 ? before : { ...now, entries }, changed };
}

/**
 * Whether it is the same, unchanged file.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { isSameEntry } from "./folder_changes.ts";
 * import { lstat } from "../platform/files.ts";
 *
 * const facts = lstat(import.meta.filename ?? "");
 * const name = { namespace: "ns", podName: "p", containerName: "c", containerId: "1" };
 * const entry = { name, path: "/logs/p_ns_c-1.log", facts };
 * assert.equal(isSameEntry(entry, { ...entry }), true);
 * assert.equal(isSameEntry(entry, { ...entry, facts: { ...facts, size: facts.size + 1 } }), false);
 * ```
 */
export function isSameEntry(a: FolderEntry, b: FolderEntry): boolean {
  return a.facts.size === b.facts.size && a.facts.mtimeMs === b.facts.mtimeMs &&
    a.facts.ino === b.facts.ino && a.facts.dev === b.facts.dev;
}
