/**
 * From the syntax tree of a Rust regex to a JavaScript RegExp over bytes (as a one-byte string) that
 * finds candidates: wherever a message matches the regex, its bytes match the RegExp. It may accept
 * too much, never too little. And it is quick on any text: V8 backtracks, so everything that could
 * make it try a text again and again is left out, and with it what stands on one side of it: of
 * `(error|timeout) .*reset` only `(error|timeout) ` or `reset` is searched for.
 */
import type { Atom, Exactness } from "./atom.ts";
import { ByteSet } from "./byte_set.ts";
import type { Encoding } from "./encoding.ts";
import type { Hir } from "./rust_regex.ts";

export interface Candidate {
  /** Source of a RegExp without flags; it never matches LF nor the empty string. */
  readonly source: string;
  /** The length of its longest match in bytes; may be Infinity. */
  readonly longest: number;
  /** When is a match in a message's bytes proof that the message matches the regex? */
  readonly exact: Exactness;
}

/** What a pattern asks of a message. */
export type Need = Candidate | "anything" | "unknown";

/** How many ways a RegExp may try at one place, and how many of a pattern's atoms it takes in. */
const MAX_WAYS = 64;
const MAX_ATOMS = 48;
/** Bits of rareness below which nearly every line is a candidate and a search is no use. */
const MIN_SCORE = 4;
/** How far counted repetitions are written out. */
const MAX_COPIES = 16;
const MAX_ITEMS = 1000;

/** A repetition without limit: `copies` (its least number) came before it, then any number of `body`. */
interface Loop {
  readonly body: Atom;
  readonly copies: readonly Atom[];
}

type Item =
  | { readonly kind: "atom"; readonly atom: Atom }
  | { readonly kind: "loop"; readonly loop: Loop }
  /** Zero bytes wide, not expressed. */
  | { readonly kind: "look" }
  /** Anything may stand here. */
  | { readonly kind: "gap" };

const LOOK: Item = { kind: "look" };
const GAP: Item = { kind: "gap" };

/** Derives what a message must have to match; "unknown" where no quick and useful search is found. */
export function deriveNeed(hir: Hir, encoding: Encoding): Need {
  const best = needOf(hir, encoding);
  if (best === "anything" || best === "unknown") return best;
  if (best.atom.score < MIN_SCORE) return "unknown";
  return { source: best.atom.source, longest: best.atom.longest, exact: best.atom.exact };
}

type Best = { readonly atom: Atom } | "anything" | "unknown";

function needOf(hir: Hir, encoding: Encoding): Best {
  const kind = hir.kind;
  if (kind["@variant"] === "Capture") return needOf(kind["@values"][0].sub, encoding);
  if (kind["@variant"] === "Alternation") {
    // Each branch has the edges of the pattern, so each may be cut down to what is needed alone.
    const branches = kind["@values"][0].map((branch) => needOf(branch, encoding));
    if (branches.includes("anything")) return "anything";
    const atoms: Atom[] = [];
    for (const branch of branches) {
      if (typeof branch === "string") return "unknown";
      atoms.push(branch.atom);
    }
    const atom = either(atoms);
    return atom.ways > MAX_WAYS ? "unknown" : { atom };
  }
  const items = withoutEdges(itemsOf(hir, encoding));
  if (items.length === 0) return "anything";
  const whole = closed(items);
  const factor = bestFactor(items);
  if (factor === null) return "unknown";
  // With nothing left out, what the factor finds is what the regex finds. (A look may also hide in a
  // part that the factor goes without.)
  const complete = whole !== null && whole.exact !== "never";
  return { atom: complete ? factor : { ...factor, exact: "never" } };
}

function itemsOf(hir: Hir, encoding: Encoding): Item[] {
  const kind = hir.kind;
  switch (kind["@variant"]) {
    case "Empty":
      return [];
    case "Literal": {
      const bytes = Uint8Array.from(Object.values(kind["@values"][0]["@values"][0]));
      const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes);
      return [...text].flatMap((character) =>
        atomItems(encoding.character(character.codePointAt(0)!))
      );
    }
    case "Class": {
      const ranges = rangesOf(kind["@values"][0]);
      const atom = encoding.class(ranges);
      return atom === null ? [GAP] : atomItems([atom]);
    }
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
    case "Alternation":
      return alternationItems(kind["@values"][0], encoding);
    case "Repetition": {
      const { min, max, sub } = kind["@values"][0];
      return repetitionItems(sub, min, max ?? Infinity, encoding);
    }
  }
}

function atomItems(atoms: readonly Atom[]): Item[] {
  return atoms.map((atom) => ({ kind: "atom", atom }));
}

type ClassKind = Extract<Hir["kind"], { "@variant": "Class" }>["@values"][0];

/** Code points, both ends included. */
function rangesOf(kind: ClassKind): [first: number, last: number][] {
  return kind["@variant"] === "Unicode"
    ? kind["@values"][0].ranges.map((
      { start, end },
    ) => [start.codePointAt(0)!, end.codePointAt(0)!])
    : kind["@values"][0].ranges.map(({ start, end }) => [start, end]);
}

function alternationItems(branches: readonly Hir[], encoding: Encoding): Item[] {
  const lists = branches.map((branch) => itemsOf(branch, encoding));
  const atoms: Atom[] = [];
  for (const list of lists) {
    const atom = closed(list);
    if (atom !== null) atoms.push(atom);
  }
  if (atoms.length === lists.length) return atomItems([either(atoms)]);
  const factors: Atom[] = [];
  for (const list of lists) {
    const factor = bestFactor(list);
    if (factor !== null) factors.push(factor);
  }
  if (factors.length < lists.length) return [GAP];
  return [GAP, ...atomItems([{ ...either(factors), exact: "never" }]), GAP];
}

function repetitionItems(hir: Hir, least: number, most: number, encoding: Encoding): Item[] {
  let min = least;
  let sub = hir;
  for (;;) {
    const kind = sub.kind;
    if (kind["@variant"] === "Capture") {
      sub = kind["@values"][0].sub;
    } else if (
      most === Infinity && kind["@variant"] === "Repetition" && kind["@values"][0].min <= 1
    ) {
      // (X?)* and (X*)* are X*, (X+)+ is X+.
      min *= kind["@values"][0].min;
      sub = kind["@values"][0].sub;
    } else {
      break;
    }
  }
  if (most === 0) return [];
  const items = itemsOf(sub, encoding);
  if (most === 1 && min === 1) return items;
  const body = closed(items);
  const copies = Math.min(min, MAX_COPIES);
  if (body === null || body.ways > MAX_WAYS || copies * items.length > MAX_ITEMS / 10) {
    if (min === 0) return [GAP];
    return items.length * 2 > MAX_ITEMS ? [GAP] : [...items, GAP, ...items];
  }
  const atLeast: Atom[] = Array(copies).fill(body);
  if (copies < min) return [...atomItems(atLeast), GAP, ...atomItems(atLeast)];
  if (most === Infinity) {
    const loop = body.loop ?? body;
    if (loop.ways !== 1 || loop.shortest === 0) {
      return [...atomItems(atLeast), GAP, ...atomItems(atLeast)];
    }
    return [...atomItems(atLeast), { kind: "loop", loop: { body: loop, copies: atLeast } }];
  }
  if (min === most) return atomItems(atLeast);
  const atom = counted(body, min, most, atLeast);
  if (atom.ways > MAX_WAYS) return [...atomItems(atLeast), GAP, ...atomItems(atLeast)];
  return atomItems([atom]);
}

/** `body{min,most}` */
function counted(body: Atom, min: number, most: number, atLeast: readonly Atom[]): Atom {
  let ways = 0;
  for (let count = min; count <= most && ways <= MAX_WAYS; count++) ways += body.ways ** count;
  return {
    ...body,
    source: `(?:${body.source}){${min},${most}}`,
    shortest: body.shortest * min,
    longest: body.longest * most,
    rest: body.any,
    ways,
    score: body.score * min,
    edge: atLeast,
  };
}

/** Either of the atoms. */
function either(atoms: readonly Atom[]): Atom {
  if (atoms.length === 1) return atoms[0]!;
  const sum = (of: (atom: Atom) => ByteSet) => atoms.map(of).reduce((a, b) => a.union(b));
  return {
    source: `(?:${atoms.map((atom) => atom.source).join("|")})`,
    shortest: Math.min(...atoms.map((atom) => atom.shortest)),
    longest: Math.max(...atoms.map((atom) => atom.longest)),
    ways: atoms.reduce((ways, atom) => ways + atom.ways, 0),
    first: sum((atom) => atom.first),
    rest: sum((atom) => atom.rest),
    last: sum((atom) => atom.last),
    any: sum((atom) => atom.any),
    score: -Math.log2(atoms.reduce((p, atom) => p + 2 ** -atom.score, 0)),
    exact: leastExact(atoms),
  };
}

/** One atom after the other. */
function inSequence(parts: readonly { source: string; atom: Atom; looped: boolean }[]): Atom {
  let first = new ByteSet();
  let last = new ByteSet();
  let rest = new ByteSet();
  let any = new ByteSet();
  let shortest = 0;
  let longest = 0;
  let ways = 1;
  let score = 0;
  for (const { atom, looped } of parts) {
    rest = rest.union(atom.rest);
    if (shortest === 0) {
      if (longest > 0) rest = rest.union(atom.first);
      first = first.union(atom.first);
    } else {
      rest = rest.union(atom.first);
    }
    if (looped) rest = rest.union(atom.first);
    any = any.union(atom.any);
    if (!looped) {
      shortest += atom.shortest;
      score += atom.score;
    }
    longest += looped ? Infinity : atom.longest;
    ways *= atom.ways;
  }
  for (const { atom, looped } of parts.toReversed()) {
    last = last.union(atom.last);
    if (!looped && atom.shortest > 0) break;
  }
  return {
    source: parts.map((part) => part.source).join(""),
    shortest,
    longest,
    ways,
    first,
    rest,
    last,
    any,
    score,
    exact: leastExact(parts.map((part) => part.atom)),
  };
}

function leastExact(atoms: readonly Atom[]): Exactness {
  if (atoms.some((atom) => atom.exact === "never")) return "never";
  return atoms.some((atom) => atom.exact === "ascii") ? "ascii" : "always";
}

/** Builds a sequence of atoms and loops, as long as it is quick to search for. */
class Sequence {
  readonly #parts: { source: string; atom: Atom; looped: boolean }[] = [];
  #ways = 1;

  get isEmpty(): boolean {
    return this.#parts.length === 0;
  }

  /** False: there would be too many ways to match. */
  add(atom: Atom): boolean {
    if (this.#ways * atom.ways > MAX_WAYS || this.#parts.length >= MAX_ATOMS) return false;
    this.#ways *= atom.ways;
    this.#parts.push({ source: atom.source, atom, looped: false });
    return true;
  }

  /**
   * False: a search could run through the same bytes from many places. A loop costs no more than
   * the text is long when only few matches of what stands before it can end within one of its runs.
   * That is so when something there (since the loop before) is never part of a run; or when each
   * round of the loop has a start of its own and what stands before it cannot end as a round does.
   */
  addLoop(body: Atom): boolean {
    if (this.#parts.length >= MAX_ATOMS) return false;
    let safe = false;
    let adjacent = true;
    for (const { atom, looped } of this.#parts.toReversed()) {
      if (looped) break;
      if (atom.shortest === 0) {
        adjacent = false;
        continue;
      }
      const ownStart = !body.first.meets(body.rest);
      if (!atom.any.meets(body.any) || (adjacent && ownStart && !atom.last.meets(body.last))) {
        safe = true;
        break;
      }
      adjacent = false;
    }
    if (!safe) return false;
    this.#parts.push({ source: `(?:${body.source})*`, atom: body, looped: true });
    return true;
  }

  /** The sequence without what its edges do not need; null: nothing is left. */
  factor(): Atom | null {
    const parts = [...this.#parts];
    while (parts.length > 0 && isOptional(parts[0]!)) parts.shift();
    while (parts.length > 0 && isOptional(parts.at(-1)!)) parts.pop();
    if (parts.length === 0) return null;
    const edge = (at: number) => {
      const atoms = parts.at(at)!.atom.edge;
      if (atoms === undefined) return;
      const plain = atoms.map((atom) => ({ source: atom.source, atom, looped: false }));
      parts.splice(at, 1, ...plain);
    };
    edge(-1);
    edge(0);
    return inSequence(parts);
  }

  /** The whole sequence. */
  atom(): Atom {
    return inSequence(this.#parts);
  }
}

function isOptional(part: { atom: Atom; looped: boolean }): boolean {
  return part.looped || part.atom.shortest === 0;
}

/** All of the items as one atom; null where that cannot be searched for quickly. */
function closed(items: readonly Item[]): Atom | null {
  const only = items.length === 1 ? items[0]! : null;
  if (only?.kind === "atom") return only.atom;
  const sequence = new Sequence();
  let exact = true;
  for (const item of items) {
    if (item.kind === "gap") return null;
    if (item.kind === "look") exact = false;
    else if (item.kind === "atom" ? !sequence.add(item.atom) : !sequence.addLoop(item.loop.body)) {
      return null;
    }
  }
  const atom = sequence.atom();
  return exact ? atom : { ...atom, exact: "never" };
}

/** The rarest of the sequences that every match must contain. */
function bestFactor(items: readonly Item[]): Atom | null {
  let best: Atom | null = null;
  let sequence = new Sequence();
  const end = (next: readonly Atom[] = []) => {
    const factor = sequence.factor();
    if (factor !== null && (best === null || factor.score > best.score)) best = factor;
    sequence = new Sequence();
    for (const atom of next) sequence.add(atom);
  };
  for (const item of items) {
    if (item.kind === "gap") end();
    else if (item.kind === "atom" && !sequence.add(item.atom)) end([item.atom]);
    else if (item.kind === "loop" && !sequence.addLoop(item.loop.body)) end(item.loop.copies);
  }
  end();
  return best;
}

/**
 * Drops what the edges of a pattern do not need to have a match or none: loops and options, for a
 * search is not anchored. `a+b*` is `a`, `x*yz?` is `y`.
 */
function withoutEdges(items: readonly Item[]): Item[] {
  let rest = [...items];
  for (;;) {
    const begin = rest.findIndex((item) => item.kind === "loop");
    const first = rest[0];
    const last = rest.at(-1);
    if (isOption(first)) rest = rest.slice(1);
    else if (isOption(last)) rest = rest.slice(0, -1);
    else if (last?.kind === "loop") rest = rest.slice(0, -1);
    else if (begin >= 0 && isStart(rest, begin)) rest = rest.toSpliced(begin, 1);
    else return rest;
  }
}

/** Can the item match nothing, wherever it stands? (A look in it may forbid that.) */
function isOption(item: Item | undefined): boolean {
  return item?.kind === "atom" && item.atom.shortest === 0 && item.atom.exact !== "never";
}

/** Is the loop at `index` with its copies the start of the items? */
function isStart(items: readonly Item[], index: number): boolean {
  const item = items[index]!;
  return item.kind === "loop" && item.loop.copies.length === index &&
    items.slice(0, index).every((before) => before.kind === "atom");
}
