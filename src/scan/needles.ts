/** Needles: short strings of byte sets that a search can find, and how they are combined. */
import type { ByteSet } from "./byte_set.ts";

/** Code points, both ends inclusive. */
export type CodePointRange = readonly [first: number, last: number];

/** How bytes may represent one character of a class; null: unknown, or not at all. */
export type Encoding = (ranges: readonly CodePointRange[]) => Part | null;

/** A string of byte sets: at each position one of several bytes. */
export type Needle = readonly ByteSet[];

/**
 * When a needle in a message's bytes proves that the message matches. "ascii": only in ASCII texts, because the needle
 * does not distinguish other characters from invalid ones.
 */
export type Exactness = "always" | "ascii" | "never";

export interface Needles {
  /** At least one of these is in each match; none is empty or contains LF. */
  readonly needles: readonly Needle[];
  readonly exact: Exactness;
}

/** All matches of a part of a pattern, or a superset of them, as needles. */
export interface Part extends Needles {
  /** What is sufficient if the pattern, or what is known of it, ends here, for example one byte of a character. */
  readonly edge: readonly Needle[];
}

/** With more or longer needles, a search is no faster than judging every line. */
export const MAX_NEEDLES = 16;
const MAX_LENGTH = 24;

/**
 * Concatenates the needles of the parts; at the edges, only as much as is sufficient.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { ByteSet } from "./byte_set.ts";
 * import { joined } from "./needles.ts";
 *
 * const needle = (text: string) => [...text].map((letter) => ByteSet.of(letter.charCodeAt(0)));
 * const part = (text: string) => ({ needles: [needle(text)], edge: [needle(text)], exact: "always" as const });
 * assert.equal(joined([part("ab"), part("c")]).needles[0]!.length, 3);
 * ```
 */
export function joined(parts: readonly Part[]): Needles {
  let needles: readonly Needle[] = [[]];
  parts.forEach((part, i) => {
    const isEdge = i === 0 || i === parts.length - 1;
    if (!isTooMuch(needles)) needles = product(needles, isEdge ? part.edge : part.needles);
  });
  return { needles, exact: leastExact(parts) };
}

/**
 * Each head followed by each tail.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { ByteSet } from "./byte_set.ts";
 * import { product } from "./needles.ts";
 *
 * const needle = (text: string) => [...text].map((letter) => ByteSet.of(letter.charCodeAt(0)));
 * assert.equal(product([needle("a"), needle("b")], [needle("c"), needle("d")]).length, 4);
 * ```
 */
export function product(heads: readonly Needle[], tails: readonly Needle[]): readonly Needle[] {
  return heads.flatMap((head) => tails.map((tail) => [...head, ...tail]));
}

/**
 * Whether these are more or longer needles than a search accepts.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { ByteSet } from "./byte_set.ts";
 * import { isTooMuch } from "./needles.ts";
 *
 * const needle = (text: string) => [...text].map((letter) => ByteSet.of(letter.charCodeAt(0)));
 * assert.ok(!isTooMuch([needle("error")]));
 * assert.ok(isTooMuch([needle("x".repeat(100))]));
 * ```
 */
export function isTooMuch(needles: readonly Needle[]): boolean {
  return needles.length > MAX_NEEDLES || needles.some((needle) => needle.length > MAX_LENGTH);
}

/**
 * The most selective needles that a search accepts; null if there are none.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { ByteSet } from "./byte_set.ts";
 * import { rarest } from "./needles.ts";
 *
 * const needle = (text: string) => [...text].map((letter) => ByteSet.of(letter.charCodeAt(0)));
 * const run = (text: string) => ({ needles: [needle(text)], exact: "always" as const });
 * const best = run("xyz");
 * assert.equal(rarest([run("e"), best, run("x".repeat(100))]), best);
 * assert.equal(rarest([]), null);
 * ```
 */
export function rarest(runs: readonly Needles[]): Needles | null {
  let best: Needles | null = null;
  for (const run of runs) {
    const isUsable = !isTooMuch(run.needles) && run.needles.every((needle) => needle.length > 0);
    if (isUsable && (best === null || selectivity(run.needles) > selectivity(best.needles))) {
      best = run;
    }
  }
  return best;
}

/**
 * How rare a position is at which one of the needles is found, in bits.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { ByteSet } from "./byte_set.ts";
 * import { selectivity } from "./needles.ts";
 *
 * const needle = (text: string) => [...text].map((letter) => ByteSet.of(letter.charCodeAt(0)));
 * assert.ok(selectivity([needle("xyz")]) > selectivity([needle("e")]));
 * ```
 */
export function selectivity(needles: readonly Needle[]): number {
  const share = needles.reduce(
    (sum, needle) => sum + 2 ** -needle.reduce((bits, set) => bits + set.selectivity, 0),
    0,
  );
  return -Math.log2(share);
}

/**
 * The exactness of needles that are combined from these parts.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { ByteSet } from "./byte_set.ts";
 * import { leastExact } from "./needles.ts";
 *
 * const exact = (exact: "always" | "ascii" | "never") => ({ needles: [[ByteSet.of(0x61)]], exact });
 * assert.equal(leastExact([exact("always"), exact("ascii")]), "ascii");
 * ```
 */
export function leastExact(parts: readonly Needles[]): Exactness {
  if (parts.some((part) => part.exact === "never")) return "never";
  return parts.some((part) => part.exact === "ascii") ? "ascii" : "always";
}
