import { Failure } from "../failure/failure.ts";
import { tolerantBlanks } from "./blanks.ts";
import { type Hir, RustRegex } from "./rust_regex.ts";

const LF = 0x0a;

/** A client's pattern, ready to search with. */
export interface Pattern {
  /** Decides, on the decoded message. */
  readonly exact: RustRegex;
}

/**
 * Compiles a client's pattern: Rust regex syntax, blanks tolerant of ANSI escapes.
 * Throws Failure("invalid-argument") with the parser's own message.
 */
export function compilePattern(pattern: string): Pattern {
  const asSent = compile(pattern); // must be valid by itself
  const tolerant = tolerantBlanks(pattern);
  const exact = tolerant === pattern ? asSent : compile(tolerant);
  if (namesLineFeed(exact.syntax)) {
    throw invalid('the literal "\\n" is not allowed in a regex');
  }
  return { exact };
}

function compile(pattern: string): RustRegex {
  try {
    return new RustRegex(pattern);
  } catch (error) {
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
