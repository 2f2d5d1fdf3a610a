/** White space among ANSI escape sequences: colors (m) and erase-in-line (K). */
const SPACE_AMID_ESCAPES = String.raw`(?:(?:\x1B\[[0-9;]*[mK])?)*\s(?:(?:\x1B\[[0-9;]*[mK])?)*`;

/**
 * Lets each literal space of a valid pattern (Rust regex syntax) also match white space among ANSI escape sequences.
 * Spaces that are in a class, escaped, quantified or under `(?x)` keep their meaning.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { allowAnsiAroundSpaces } from "./ansi_spaces.ts";
 *
 * assert.equal(allowAnsiAroundSpaces("[ ]"), "[ ]");
 * assert.match(allowAnsiAroundSpaces("a b"), /^a.+\\s.+b$/);
 * ```
 */
export function allowAnsiAroundSpaces(pattern: string): string {
  let out = "";
  let at = 0;
  /** Whether `x` (verbose mode) is on, for each open group, innermost last. */
  const verbose: boolean[] = [false];
  while (at < pattern.length) {
    const begin = at;
    switch (pattern[at]) {
      case "\\":
        at = afterEscape(pattern, at);
        break;
      case "[":
        at = afterClass(pattern, at, verbose.at(-1) === true);
        break;
      case "{":
        at = afterBrace(pattern, at);
        break;
      case "(": {
        const outer = verbose.at(-1) === true;
        const flags = /\?([a-zA-Z]*)(?:-([a-zA-Z]*))?([:)])/y;
        flags.lastIndex = at + 1;
        const head = flags.exec(pattern);
        at++;
        if (head === null) {
          verbose.push(outer); // also for (?P<name> and (?<name>, which contain no space
          break;
        }
        at = flags.lastIndex;
        const now = head[2]?.includes("x") ? false : outer || head[1]!.includes("x");
        if (head[3] === ":") verbose.push(now);
        else verbose[verbose.length - 1] = now;
        break;
      }
      case ")":
        verbose.pop();
        at++;
        break;
      case "#":
        at = verbose.at(-1) ? afterComment(pattern, at) : at + 1;
        break;
      case " ":
        at++;
        if (!verbose.at(-1) && !"*+?{".includes(pattern[at] ?? "end")) {
          out += SPACE_AMID_ESCAPES;
          continue;
        }
        break;
      default:
        at++;
    }
    out += pattern.slice(begin, at);
  }
  return out;
}

/** Returns the offset after `\.`, or after the braces of `\p{Greek}`, `\x{41}`, `\u{41}`, `\b{start}`. */
function afterEscape(pattern: string, at: number): number {
  const braced = "pPxuUb".includes(pattern[at + 1] ?? "end") && pattern[at + 2] === "{";
  return braced ? afterBrace(pattern, at + 2) : at + 2;
}

function afterBrace(pattern: string, at: number): number {
  const end = pattern.indexOf("}", at);
  return end < 0 ? pattern.length : end + 1;
}

function afterComment(pattern: string, at: number): number {
  const end = pattern.indexOf("\n", at);
  return end < 0 ? pattern.length : end;
}

/** Returns the offset after a class and the classes nested in it. A leading `]` is a literal. */
function afterClass(pattern: string, at: number, verbose: boolean): number {
  let p = at + 1;
  if (pattern[p] === "^") p++;
  while (pattern[p] === "-") p++;
  if (pattern[p] === "]") p++;
  while (p < pattern.length) {
    switch (pattern[p]) {
      case "]":
        return p + 1;
      case "\\":
        p = afterEscape(pattern, p);
        break;
      case "[": {
        const named = /\[:\^?\w+:\]/y; // [:alpha:]
        named.lastIndex = p;
        p = named.test(pattern) ? named.lastIndex : afterClass(pattern, p, verbose);
        break;
      }
      case "#":
        p = verbose ? afterComment(pattern, p) : p + 1;
        break;
      default:
        p++;
    }
  }
  return p;
}
