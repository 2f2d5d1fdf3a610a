/** The maximum number of characters of an external text in a log line. */
export const MAX_FOREIGN_CHARACTERS = 200;

/** How many characters of a shortened text's end are kept: that is where parsers say what is wrong. */
const END_CHARACTERS = 60;

/**
 * The beginning and the end of a text that is longer than `most`, with the number of omitted characters between them.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { shortened } from "./foreign_text.ts";
 *
 * assert.ok(shortened("short") === "short");
 * assert.ok(shortened("x".repeat(50_000)).length < 240);
 * ```
 */
export function shortened(text: string, most = MAX_FOREIGN_CHARACTERS): string {
  if (text.length <= most) return text;
  const begin = text.slice(0, most - END_CHARACTERS);
  return `${begin} … (${text.length - most} more characters) … ${text.slice(-END_CHARACTERS)}`;
}

/**
 * Makes characters visible, as \uXXXX, that control a terminal (C0 and C1), change the reading direction, are
 * invisible, or end a line. JSON escapes them in the same way.
 */
export function escaped(text: string): string {
  return text.replace(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu,
    (found) => {
      let units = "";
      for (let i = 0; i < found.length; i++) {
        units += `\\u${found.charCodeAt(i).toString(16).padStart(4, "0")}`;
      }
      return units;
    },
  );
}
