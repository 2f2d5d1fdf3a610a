/**
 * Makes text from elsewhere (a log, a name, a server's error message) safe to show. Otherwise a log's writer could set
 * the reader's clipboard (OSC 52) or window title, hide lines (carriage return, cursor movement, concealed text) or
 * reorder the visible text (bidirectional controls: CVE-2021-42574).
 */

/**
 * Control characters except tab and line feed, with the rest of a color sequence that they start; line and paragraph
 * separators; format characters (Unicode's Cf: bidirectional controls, zero-width spaces, tags) and fillers, which
 * terminals do not show, except those used to write scripts and emoji: joiners, and enclosing marks for digits.
 */
const UNSAFE =
  /(?![\t\n])\p{Cc}(?:\[([0-9;:]{0,64})m)?|(?![\u200c\u200d\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\u{110bd}\u{110cd}])[\p{Zl}\p{Zp}\p{Cf}\u3164\uffa0]/gu;
const ESCAPE = "\x1b";

/**
 * The text in a form that is safe for a terminal: line feeds, tabs and colors are kept, every other control character
 * is shown as \xNN or \u{N}.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { terminalSafe } from "./terminal_text.ts";
 *
 * assert.equal(terminalSafe("\x1b[31mred\x1b[0m\r\x1b]0;title\x07"), "\x1b[31mred\x1b[0m\\r\\x1b]0;title\\x07");
 * ```
 */
export function terminalSafe(text: string): string {
  return text.replace(
    UNSAFE,
    (found: string, parameters: string | undefined) =>
      parameters !== undefined && found.startsWith(ESCAPE) && isStyle(parameters)
        ? found
        : afterFirst(found, shown),
  );
}

/** The same with line feeds shown too, so that a message cannot pose as several lines. */
export function oneLine(text: string): string {
  return text.includes("\n") ? text.replaceAll("\n", "\\n") : text;
}

/** JSON whose strings contain no control characters: those that JSON.stringify keeps become \uXXXX. */
export function safeJson(value: unknown): string {
  return JSON.stringify(value).replace(UNSAFE, (found: string) => afterFirst(found, jsonEscape));
}

/** The first character escaped, the rest unchanged. */
function afterFirst(found: string, escape: (character: string) => string): string {
  const [first = ""] = found;
  return escape(first) + found.slice(first.length);
}

function jsonEscape(character: string): string {
  return Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, "0")}`,
  ).join("");
}

const SHORT: Readonly<Record<string, string>> = { "\b": "\\b", "\f": "\\f", "\r": "\\r" };

function shown(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  return SHORT[character] ??
    (code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u{${code.toString(16)}}`);
}

/**
 * Whether the parameters of an SGR sequence (ECMA-48, 8.3.117) only style text. Concealed text (8) is not allowed, and
 * neither are numbers unknown to this program.
 */
function isStyle(parameters: string): boolean {
  const codes = parameters.split(";");
  for (let i = 0; i < codes.length; i++) {
    const [code = "", ...parts] = (codes[i] ?? "").split(":");
    const number = Number(code);
    if (number === 38 || number === 48 || number === 58) {
      if (parts.length > 0) continue;
      // Another 256-color index, or red, green and blue, follow.
      i += codes[i + 1] === "5" ? 2 : codes[i + 1] === "2" ? 4 : codes.length;
      continue;
    }
    if (!isStyleCode(number)) return false;
  }
  return true;
}

function isStyleCode(code: number): boolean {
  return code <= 7 || code === 9 || (code >= 21 && code <= 27) || (code >= 29 && code <= 37) ||
    code === 39 || (code >= 40 && code <= 47) || code === 49 || code === 53 || code === 55 ||
    code === 59 || (code >= 90 && code <= 97) || (code >= 100 && code <= 107);
}
