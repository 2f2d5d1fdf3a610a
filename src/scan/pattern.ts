import { Failure } from "../failure/failure.ts";
import { allowAnsiAroundSpaces } from "./ansi_spaces.ts";
import { anyJsonText, dockerText, isForeignEscape, plainText, UNICODE_ESCAPE } from "./encoding.ts";
import type { LogFormat } from "./format.ts";
import { deriveProof, type MatchProof } from "./match_proof.ts";
import { NeedleSearch, searchMemory } from "./needle_search.ts";
import { derivePrefilter } from "./literal_prefilter.ts";
import type { Exactness } from "./needles.ts";
import { type Hir, RustRegex } from "./rust_regex.ts";

const LF = 0x0a;
/** The data derived from a literal of this many characters takes 20 MB. */
const MAX_EXAMINED_CHARACTERS = 50_000;

/** A client's pattern, ready for searching. */
export interface Pattern {
  /** Decides, based on the decoded message. Null: every message matches. */
  readonly exact: RustRegex | null;
  /** Finds candidates in a log's bytes. Null: every line is a candidate. */
  readonly search: Search | null;
  /** Proves most matches, instead of `exact`. Null: no proof is known. */
  readonly proof: MatchProof | null;
}

/** Finds where matches may be in a log's bytes. */
export interface Search {
  /** The needles to look for in these lines. Null: every line is a candidate. */
  choose(bytes: Uint8Array, from: number, to: number): NeedleSearch | null;
  /** Bytes read into this memory are searched in place. */
  readonly memory: Uint8Array;
  /** When a needle in the message proves that the pattern matches. */
  readonly exact: Exactness;
}

/**
 * Compiles a client's pattern: Rust regex syntax; spaces also match white space among ANSI escapes.
 * Throws Failure("invalid-argument") with the parser's own message.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { compilePattern } from "./pattern.ts";
 *
 * assert.equal(compilePattern(".*", "cri").exact, null, "every message matches");
 * assert.throws(() => compilePattern("(", "cri"), /^Failure: Invalid grep pattern: /);
 * ```
 */
export function compilePattern(pattern: string, format: LogFormat): Pattern {
  const asSent = compile(pattern); // must be valid on its own
  const tolerant = allowAnsiAroundSpaces(pattern);
  const exact = tolerant === pattern ? asSent : compile(tolerant);
  const syntax = pattern.length > MAX_EXAMINED_CHARACTERS ? null : exact.syntax();
  if (syntax === null ? spellsLineFeed(pattern) : namesLineFeed(syntax)) {
    throw invalid('the literal "\\n" is not allowed in a regex');
  }
  // If a pattern is too large to be analyzed, the engine examines every line.
  if (syntax === null) return { exact, search: null, proof: null };
  const search = format === "docker" ? dockerSearch(syntax) : criSearch(syntax);
  if (search === "anything") return { exact: null, search: null, proof: null };
  return { exact, search, proof: deriveProof(syntax) };
}

function criSearch(syntax: Hir): Search | null | "anything" {
  const need = derivePrefilter(syntax, plainText);
  if (typeof need === "string") return need === "anything" ? need : null;
  const search = new NeedleSearch(need.needles);
  return { choose: () => search, memory: searchMemory, exact: need.exact };
}

function dockerSearch(syntax: Hir): Search | null | "anything" {
  const need = derivePrefilter(syntax, dockerText);
  if (typeof need === "string") return need === "anything" ? need : null;
  const usual = new NeedleSearch(need.needles);
  const escapes = new NeedleSearch([UNICODE_ESCAPE]);
  let foreign: NeedleSearch | null | undefined; // most logs do not need it
  return {
    choose(bytes, from, to) {
      if (!hasForeignEscape(escapes, bytes, from, to)) return usual;
      if (foreign === undefined) {
        const need = derivePrefilter(syntax, anyJsonText);
        foreign = typeof need === "string" ? null : new NeedleSearch(need.needles);
      }
      return foreign;
    },
    memory: searchMemory,
    exact: "never",
  };
}

function hasForeignEscape(
  escapes: NeedleSearch,
  bytes: Uint8Array,
  from: number,
  to: number,
): boolean {
  escapes.begin(bytes, from, to);
  for (let at = escapes.next(from); at >= 0; at = escapes.next(at + 1)) {
    if (isForeignEscape(bytes, at)) return true;
  }
  return false;
}

function compile(pattern: string): RustRegex {
  try {
    return new RustRegex(pattern);
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) throw error; // stopped, which is not the client's fault
    if (error instanceof Failure) throw error;
    throw invalid(error instanceof Error ? error.message : String(error));
  }
}

function invalid(why: string): Failure {
  return new Failure("invalid-argument", `Invalid grep pattern: ${why}`);
}

/** The same for a pattern's text: whether there is a line feed, or an escape for one, outside classes. */
function spellsLineFeed(pattern: string): boolean {
  const ignoresSpaces = /\(\?[a-zA-Z]*x/.test(pattern);
  const parts = /\\(x0[aA]|[xuU]\{0*[aA]\}|u000[aA]|U0000000[aA]|[^])|\[(?:\\[^]|[^\]\\])*\]|\n/g;
  for (const [part, escape] of pattern.matchAll(parts)) {
    if (part === "\n" && !ignoresSpaces) return true;
    if (escape !== undefined && (escape === "n" || escape.length > 1)) return true;
  }
  return false;
}

/** No message contains a line feed, so a pattern that spells one out is a mistake. */
function namesLineFeed(hir: Hir): boolean {
  const kind = hir.kind;
  switch (kind["@variant"]) {
    case "Literal":
      return Object.values(kind["@values"][0]["@values"][0]).includes(LF);
    case "Repetition":
      return namesLineFeed(kind["@values"][0].sub);
    case "Capture":
      return namesLineFeed(kind["@values"][0].sub);
    case "Concat":
    case "Alternation":
      return kind["@values"][0].some(namesLineFeed);
    default:
      return false;
  }
}
