import assert from "node:assert/strict";
import { compareFolders, type FolderChanges } from "../../../src/files/folder_changes.ts";
import type { LogFolder } from "../../../src/files/log_folder.ts";
import { lstat } from "../../../src/platform/files.ts";

const facts = lstat(import.meta.dirname ?? "");

/** Logs by size; null: one that cannot be examined. */
function folderOf(logs: Readonly<Record<string, number | null>>): LogFolder {
  const entries = new Map<
    string,
    LogFolder["entries"] extends ReadonlyMap<string, infer E> ? E : never
  >();
  const unknown = new Set<string>();
  for (const [id, size] of Object.entries(logs)) {
    const name = { namespace: "n", podName: "p", containerName: "c", containerId: id };
    if (size === null) unknown.add(id);
    else entries.set(id, { name, path: `/logs/${id}`, facts: { ...facts, size } });
  }
  return { entries, unknown };
}

function compare(before: LogFolder, now: LogFolder): FolderChanges & { readonly steps: number } {
  const all = compareFolders(before, now);
  for (let steps = 0;; steps++) {
    const { done, value } = all.next();
    if (done) return { ...value, steps };
  }
}

Deno.test("what is new, changed, gone, or known or unknown in one listing only has changed", () => {
  const before = folderOf({ same: 1, written: 1, gone: 1, refused: 1, told: null, still: null });
  const now = folderOf({ same: 1, written: 2, came: 1, refused: null, told: 1, still: null });
  const { folder, changed } = compare(before, now);
  assert.deepEqual([...changed].sort(), ["came", "gone", "refused", "told", "written"]);
  assert.equal(folder.entries.get("same"), before.entries.get("same"), "it is not kept twice");
  assert.equal(folder.entries.get("written"), now.entries.get("written"));
  assert.deepEqual([...folder.unknown], ["refused", "still"]);
});

Deno.test("nothing has changed: the listing stays the same object", () => {
  const before = folderOf({ a: 1, b: null });
  assert.equal(compare(before, folderOf({ a: 1, b: null })).folder, before);
});

Deno.test("regression: very many logs were compared in one turn of the event loop, not in steps", () => {
  const logs = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`x${i}`, i]));
  const { changed, steps } = compare(folderOf(logs), folderOf({}));
  assert.equal(changed.size, 5000);
  assert.ok(steps >= 5000 / 256 - 1, `${steps} steps`);
});
