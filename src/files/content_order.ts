import { compareInstants, type Instant } from "../scan/instant.ts";
import { type Fingerprint, matchesContent } from "./fingerprint.ts";

/** What determines a rotated file's place among the others. */
export interface FileContent {
  readonly fingerprint: Fingerprint;
  /** Bytes, for comparison only: of compressed files, less than their content. */
  readonly size: number;
  readonly compressed: boolean;
  /**
   * The time of its last line; null if there is none, or if finding it costs too much. Called only in case of doubt.
   */
  lastTime(): Instant | null;
}

/**
 * The files of one log in the order in which they were written, by the times in their lines. Of copies with the same
 * content, the largest plain one is chosen; copies of the current file are left out.
 *
 * If a file's first and last times contradict each other (its first lines are an hour ahead), its name decides, and a
 * file without a time stays after the one before it.
 *
 * @param files in the order that their names suggest, oldest first
 * @param current the beginning of the file that is currently written to
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { orderByContent } from "./content_order.ts";
 * import { fingerprintOf } from "./fingerprint.ts";
 *
 * const file = (text: string) => ({
 *   fingerprint: fingerprintOf(new TextEncoder().encode(text)),
 *   size: text.length,
 *   compressed: false,
 *   lastTime: () => null,
 * });
 * const older = file("2024-10-01T05:00:00Z stdout F a\n");
 * const newer = file("2024-10-01T06:00:00Z stdout F b\n");
 * assert.deepEqual(orderByContent([newer, older], null), [older, newer]);
 * ```
 */
export function orderByContent<T extends FileContent>(
  files: readonly T[],
  current: Fingerprint | null,
): T[] {
  const distinct = withoutCopies(files, current);
  const ordered: T[] = [];
  for (const file of distinct) {
    if (file.fingerprint.time === null) continue;
    let at = ordered.length;
    while (at > 0 && wasWrittenAfter(ordered[at - 1], file)) at--;
    ordered.splice(at, 0, file);
  }
  for (const [i, file] of distinct.entries()) {
    if (file.fingerprint.time !== null) continue;
    const before = distinct[i - 1];
    ordered.splice(before === undefined ? 0 : ordered.indexOf(before) + 1, 0, file);
  }
  return ordered;
}

/** Whether `a`, the older one by name, was written after `b`. */
function wasWrittenAfter(a: FileContent | undefined, b: FileContent): boolean {
  const first = a?.fingerprint.time ?? null;
  if (a === undefined || first === null || b.fingerprint.time === null) return false;
  if (compareInstants(first, b.fingerprint.time) <= 0) return false;
  const [endOfA, endOfB] = [a.lastTime(), b.lastTime()];
  return endOfA === null || endOfB === null || compareInstants(endOfA, endOfB) > 0;
}

function withoutCopies<T extends FileContent>(
  files: readonly T[],
  current: Fingerprint | null,
): T[] {
  const kept: T[] = [];
  for (const file of files) {
    if (current !== null && matchesContent(file.fingerprint, current)) continue;
    const copy = kept.findIndex((other) => matchesContent(other.fingerprint, file.fingerprint));
    const other = kept[copy];
    if (other === undefined) kept.push(file);
    else if (isBetterCopy(file, other)) kept[copy] = file;
  }
  return kept;
}

function isBetterCopy(a: FileContent, b: FileContent): boolean {
  if (a.compressed !== b.compressed) return b.compressed;
  return a.size > b.size;
}
