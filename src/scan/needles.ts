/** Needles: short strings of byte sets that a search can find, and how they are put together. */
import type { ByteSet } from "./byte_set.ts";

/** Code points, both ends included. */
export type CodePointRange = readonly [first: number, last: number];

/** How the bytes may represent one character of a class; null: unknown, or not at all. */
export type Encoding = (ranges: readonly CodePointRange[]) => Part | null;

/** A string of byte sets: at each position one of several bytes. */
export type Needle = readonly ByteSet[];

/**
 * When is a needle found in a message's bytes proof that the message matches? In a text of ASCII
 * only: where the needle does not tell other characters from broken ones.
 */
export type Exactness = "always" | "ascii" | "never";

export interface Needles {
  /** At least one of these is in each match; none is empty or holds LF. */
  readonly needles: readonly Needle[];
  readonly exact: Exactness;
}

/** All that a part of a pattern matches, or a superset, as needles. */
export interface Part extends Needles {
  /** What is enough of it where the pattern, or what is known of it, ends: as one byte of a character. */
  readonly edge: readonly Needle[];
}

/** More of them, or longer ones, are searched no faster than every line is judged. */
export const MAX_NEEDLES = 16;
const MAX_LENGTH = 24;

/**
 * The needles of one part after the other; of those at the edges no more than is enough.
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
 * Each head with each tail behind it.
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
 * Are these more or longer needles than a search takes?
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
 * Those that are the most selective of what a search takes; null where it takes none.
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
 * How rare a place is at which one of the needles is found, in bits.
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
 * How exact needles are that are put together of these.
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
