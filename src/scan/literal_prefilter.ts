/**
 * Derives needles from the syntax tree of a Rust regex: short strings of byte sets, one of which is in each match. A
 * line without a needle cannot match; one with a needle is a candidate. (The idea of regex_syntax::hir::literal, with
 * sets instead of bytes, so that `(?i)` and classes are needles too.)
 */
import {
  type Encoding,
  isTooMuch,
  joined,
  leastExact,
  MAX_NEEDLES,
  type Needle,
  type Needles,
  type Part,
  product,
  rarest,
  selectivity,
} from "./needles.ts";
import type { Hir } from "./regex_engine.ts";

/** What a pattern requires of a message; "unknown" if no needle is worth a search. */
export type Prefilter = Needles | "anything" | "unknown";

const MAX_ITEMS = 1000;
const MAX_COPIES = 16;
/** Bits of selectivity below which nearly every line has a needle, so a search is useless. */
const MIN_SELECTIVITY = 4;

type Item =
  | { readonly kind: "part"; readonly part: Part }
  /** Any number of repetitions, including none; `copies`, the minimum number of them, come before this. */
  | { readonly kind: "more"; readonly copies: readonly Item[] }
  /** An assertion, such as `^` or `\b`: matches no bytes. Needles cannot express it. */
  | { readonly kind: "look" }
  /** Anything may be here. */
  | { readonly kind: "gap" };

const LOOK: Item = { kind: "look" };
const GAP: Item = { kind: "gap" };

/**
 * Derives what the bytes of a message must contain for the message to match.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { derivePrefilter } from "./literal_prefilter.ts";
 * import { plainText } from "./encoding.ts";
 * import { RustRegex } from "./rust_regex.ts";
 *
 * const prefilter = derivePrefilter(new RustRegex("err(or|no)").syntax()!, plainText);
 * assert.ok(typeof prefilter !== "string");
 * assert.equal(prefilter.needles.length, 2);
 * assert.equal(derivePrefilter(new RustRegex(".*").syntax()!, plainText), "anything");
 * ```
 */
export function derivePrefilter(hir: Hir, encoding: Encoding): Prefilter {
  const need = prefilterOf(hir, encoding);
  return typeof need !== "string" && selectivity(need.needles) < MIN_SELECTIVITY ? "unknown" : need;
}

function prefilterOf(hir: Hir, encoding: Encoding): Prefilter {
  const kind = hir.kind;
  if (kind["@variant"] === "Capture") return prefilterOf(kind["@values"][0].sub, encoding);
  if (kind["@variant"] === "Alternation") {
    // Each branch has the edges of the pattern, so each may be reduced to what is sufficient on its own.
    const needs = kind["@values"][0].map((branch) => prefilterOf(branch, encoding));
    if (needs.includes("anything")) return "anything";
    const parts = needs.filter((need) => typeof need !== "string");
    const needles = parts.flatMap((part) => part.needles);
    if (parts.length < needs.length || needles.length > MAX_NEEDLES) return "unknown";
    return { needles, exact: leastExact(parts) };
  }
  const items = withoutEdges(itemsOf(hir, encoding));
  if (items.length === 0) return "anything";
  const runs = runsOf(items);
  const best = rarest(runs);
  if (best === null) return "unknown";
  // If nothing was omitted, a needle is a match.
  const complete = runs.length === 1 && items.every((item) => item.kind === "part");
  return { needles: best.needles, exact: complete ? best.exact : "never" };
}

function itemsOf(hir: Hir, encoding: Encoding): Item[] {
  const kind = hir.kind;
  switch (kind["@variant"]) {
    case "Empty":
      return [];
    case "Literal": {
      const bytes = Uint8Array.from(Object.values(kind["@values"][0]["@values"][0]));
      const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
      return Array.from(text, (character) => {
        const codePoint = character.codePointAt(0)!;
        return partItem(encoding([[codePoint, codePoint]]));
      });
    }
    case "Class":
      return [partItem(encoding(rangesOf(kind["@values"][0])))];
    case "Look":
      return [LOOK];
    case "Capture":
      return itemsOf(kind["@values"][0].sub, encoding);
    case "Concat": {
      const items: Item[] = [];
      for (const part of kind["@values"][0]) {
        items.push(...itemsOf(part, encoding));
        if (items.length > MAX_ITEMS) return [...items.slice(0, MAX_ITEMS), GAP];
      }
      return items;
    }
    case "Alternation": {
      const branches = kind["@values"][0].map((branch) => itemsOf(branch, encoding));
      return alternationItems(branches);
    }
    case "Repetition": {
      const { min, max, sub } = kind["@values"][0];
      return repetitionItems(itemsOf(sub, encoding), min, max ?? Infinity);
    }
  }
}

function partItem(part: Part | null): Item {
  return part === null ? GAP : { kind: "part", part };
}

type Class = Extract<Hir["kind"], { "@variant": "Class" }>["@values"][0];

/** Code points, both ends inclusive. */
function rangesOf(kind: Class): [first: number, last: number][] {
  return kind["@variant"] === "Unicode"
    ? kind["@values"][0].ranges.map((
      { start, end },
    ) => [start.codePointAt(0)!, end.codePointAt(0)!])
    : kind["@values"][0].ranges.map(({ start, end }) => [start, end]);
}

function alternationItems(branches: readonly (readonly Item[])[]): Item[] {
  const whole: Needles[] = [];
  const needed: Needles[] = [];
  for (const branch of branches) {
    const runs = runsOf(branch);
    const best = rarest(runs);
    if (best === null) return [GAP];
    needed.push(best);
    const part = wholeOf(branch);
    if (part !== null) whole.push(part);
  }
  if (whole.length === branches.length) {
    const needles = whole.flatMap((part) => part.needles);
    if (needles.length <= MAX_NEEDLES) {
      return [{ kind: "part", part: { needles, edge: needles, exact: leastExact(whole) } }];
    }
  }
  const needles = needed.flatMap((part) => part.needles);
  if (needles.length > MAX_NEEDLES) return [GAP];
  return [GAP, { kind: "part", part: { needles, edge: needles, exact: "never" } }, GAP];
}

function repetitionItems(body: readonly Item[], min: number, max: number): Item[] {
  if (max === 0) return [];
  if (min === 1 && max === 1) return [...body];
  // Copies of a body with looks or gaps in it would not necessarily follow one another.
  const plain = body.every((item) => item.kind === "part");
  if (!plain) {
    if (min === 0) {
      return body.every((item) => item.kind !== "look") ? [{ kind: "more", copies: [] }] : [GAP];
    }
    return body.length * 2 > MAX_ITEMS ? [GAP] : [...body, GAP, ...body];
  }
  const count = Math.min(min, MAX_COPIES, Math.floor(MAX_ITEMS / 4 / Math.max(1, body.length)));
  const copies = Array.from({ length: count }, () => body).flat();
  if (count < min) return [...copies, GAP, ...copies];
  return min === max ? copies : [...copies, { kind: "more", copies }];
}

/** The items as one part, if they are only parts and not too many; null otherwise. */
function wholeOf(items: readonly Item[]): Needles | null {
  let needles: readonly Needle[] = [[]];
  const parts: Part[] = [];
  for (const item of items) {
    if (item.kind !== "part") return null;
    needles = product(needles, item.part.needles);
    if (isTooMuch(needles)) return null;
    parts.push(item.part);
  }
  return { needles, exact: leastExact(parts) };
}

/** The runs of parts that follow one another in each match. */
function runsOf(items: readonly Item[]): Needles[] {
  const runs: Needles[] = [];
  let run: Part[] = [];
  const end = (next: readonly Item[] = []) => {
    if (run.length > 0) runs.push(joined(run));
    run = [];
    for (const item of next) if (item.kind === "part") run.push(item.part);
  };
  for (const item of items) {
    if (item.kind === "gap") end();
    else if (item.kind === "more") end(item.copies);
    else if (item.kind === "part") {
      if (isTooMuch(joined([...run, item.part]).needles)) end();
      run.push(item.part);
    }
  }
  end();
  return runs;
}

/**
 * Drops parts at the edges of a pattern that do not affect whether there is a match, because a search is not anchored:
 * `a+b*` becomes `a`, `x*yz?` becomes `y`.
 */
function withoutEdges(items: readonly Item[]): Item[] {
  let rest = [...items];
  for (;;) {
    const first = rest.findIndex((item) => item.kind === "more");
    if (rest.at(-1)?.kind === "more") rest = rest.slice(0, -1);
    else if (first >= 0 && isStart(rest, first)) rest = rest.toSpliced(first, 1);
    else return rest;
  }
}

/** Whether the repetition that continues at `index` is the start of the items. */
function isStart(items: readonly Item[], index: number): boolean {
  const item = items[index]!;
  return item.kind === "more" && item.copies.length === index &&
    items.slice(0, index).every((before) => before.kind === "part");
}
