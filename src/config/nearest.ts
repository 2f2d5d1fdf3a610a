/**
 * The candidate that a misspelled key most probably means; null if none is similar.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { nearest } from "./nearest.ts";
 *
 * assert.equal(nearest("maxLineByte", ["max-line-bytes", "history"]), "max-line-bytes");
 * assert.equal(nearest("color", ["max-line-bytes", "history"]), null);
 * ```
 */
export function nearest(key: string, candidates: readonly string[]): string | null {
  let best: { readonly candidate: string; readonly distance: number } | null = null;
  for (const candidate of candidates) {
    const distance = editDistance(letters(key), letters(candidate));
    if (best === null || distance < best.distance) best = { candidate, distance };
  }
  if (best === null) return null;
  return best.distance <= Math.max(2, Math.floor(best.candidate.length / 3))
    ? best.candidate
    : null;
}

/**
 * The number of letters that must be added, removed, replaced or swapped with their neighbor to turn `from` into `to`
 * (optimal string alignment).
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { editDistance } from "./nearest.ts";
 *
 * assert.equal(editDistance("tls", "tsl"), 1);
 * assert.equal(editDistance("kitten", "sitting"), 3);
 * ```
 */
export function editDistance(from: string, to: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1];
      let cost = Math.min(
        at(last, j) + 1,
        at(row, j - 1) + 1,
        at(last, j - 1) + (same ? 0 : 1),
      );
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) {
        cost = Math.min(cost, at(beforeLast, j - 2) + 1);
      }
      row.push(cost);
    }
    beforeLast = last;
    last = row;
  }
  return at(last, to.length);
}

/**
 * The letters and digits of a key: to a person, `maxLineBytes`, `max_line_bytes` and `max-line-bytes` are the same
 * word.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { letters } from "./nearest.ts";
 *
 * assert.equal(letters("maxLineBytes"), letters("max-line-bytes"));
 * ```
 */
export function letters(key: string): string {
  return key.toLowerCase().replace(/[^a-z0-9.]/g, "");
}

function at(row: readonly number[], index: number): number {
  return row[index] ?? Number.POSITIVE_INFINITY;
}
