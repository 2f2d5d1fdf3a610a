/** The most characters of a foreign text that a log line shows. */
export const MAX_FOREIGN_CHARACTERS = 200;

/** How much of a shortened text's end is kept: parsers say there what is wrong. */
const END_CHARACTERS = 60;

/**
 * The beginning and the end of a text that is longer than `most`, with how much is left out between them.
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
 * Makes characters visible that steer a terminal (C0 and C1), turn the reading direction, hide, or end a line,
 * as \uXXXX, which is also how JSON escapes them.
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
