/** Colors and other styles: ECMA-48, 8.3.117. */
const STYLE = /\p{Cc}\[[\d;:]*m/yu;
const RESET = "\x1b[0m";

/**
 * The line, cut to at most `width` characters with … at its end if it is longer; styles take up no width.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { cutLine } from "./cut.ts";
 *
 * assert.equal(cutLine("abc", 3), "abc");
 * assert.equal(cutLine("abcd", 3), "ab…");
 * assert.equal(cutLine("\x1b[1mabcd\x1b[0m", 3), "\x1b[1mab…\x1b[0m");
 * ```
 */
export function cutLine(line: string, width: number): string {
  let shown = 0;
  let cutAt = 0;
  let hasStyle = false;
  for (let at = 0; at < line.length;) {
    STYLE.lastIndex = at;
    const style = STYLE.exec(line);
    if (style !== null) {
      hasStyle = true;
      at += style[0].length;
      continue;
    }
    if (shown === width - 1) cutAt = at;
    if (shown === width) return `${line.slice(0, cutAt)}…${hasStyle ? RESET : ""}`;
    shown++;
    at += (line.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  }
  return line;
}
