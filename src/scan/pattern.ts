import { type Candidate, deriveNeed } from "./candidate.ts";
import { anyJsonText, dockerText, FOREIGN_ESCAPE, plainText } from "./encoding.ts";
import { Failure } from "../failure/failure.ts";
import type { LogFormat } from "./format.ts";
import { tolerantBlanks } from "./blanks.ts";
import { type Hir, RustRegex } from "./rust_regex.ts";

const LF = 0x0a;

/** A client's pattern, ready to search with. */
export interface Pattern {
  /** Decides, on the decoded message. Null: every message matches. */
  readonly exact: RustRegex | null;
  /** Finds candidates in a log's bytes. Null: every line is one. */
  readonly search: Search | null;
}

/** Finds where in a block of lines a match may be. */
export interface Search {
  /** The RegExp (flag g) for this block, as a one-byte string. Null: every line is a candidate. */
  choose(block: string): RegExp | null;
  /** The length of the RegExp's longest match. */
  readonly longest: number;
  /** When is a match that lies in the message proof of a match of the pattern? */
  readonly exact: Candidate["exact"];
}

/**
 * Compiles a client's pattern: Rust regex syntax, blanks tolerant of ANSI escapes.
 * Throws Failure("invalid-argument") with the parser's own message.
 */
export function compilePattern(pattern: string, format: LogFormat): Pattern {
  const asSent = compile(pattern); // must be valid by itself
  const tolerant = tolerantBlanks(pattern);
  const exact = tolerant === pattern ? asSent : compile(tolerant);
  if (namesLineFeed(exact.syntax)) {
    throw invalid('the literal "\\n" is not allowed in a regex');
  }
  const search = format === "docker" ? dockerSearch(exact.syntax) : criSearch(exact.syntax);
  return search === "anything" ? { exact: null, search: null } : { exact, search };
}

function criSearch(syntax: Hir): Search | null | "anything" {
  const need = deriveNeed(syntax, plainText);
  if (typeof need === "string") return need === "anything" ? need : null;
  const regExp = new RegExp(need.source, "g");
  return { choose: () => regExp, longest: need.longest, exact: need.exact };
}

function dockerSearch(syntax: Hir): Search | null | "anything" {
  const usual = deriveNeed(syntax, dockerText);
  if (typeof usual === "string") return usual === "anything" ? usual : null;
  const usualRegExp = new RegExp(usual.source, "g");
  let foreignRegExp: RegExp | null | undefined; // most logs do without
  return {
    choose(block) {
      if (!FOREIGN_ESCAPE.test(block)) return usualRegExp;
      if (foreignRegExp === undefined) {
        const foreign = deriveNeed(syntax, anyJsonText);
        foreignRegExp = typeof foreign === "string" ? null : new RegExp(foreign.source, "g");
      }
      return foreignRegExp;
    },
    longest: Infinity,
    exact: "never",
  };
}

function compile(pattern: string): RustRegex {
  try {
    return new RustRegex(pattern);
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) throw error; // out of memory: not the client's fault
    throw invalid(error instanceof Error ? error.message : String(error));
  }
}

function invalid(why: string): Failure {
  return new Failure("invalid-argument", `Invalid grep pattern: ${why}`);
}

/** No message has a line feed of its own, so a pattern that spells one out is a mistake. */
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
