import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * If an argument is --help, prints the comment at the head of the script and ends the process, so that a script's
 * purpose and usage are written in one place.
 *
 * @param script its import.meta.url
 * @param args the script's own arguments: only the first if others are passed on
 */
export function answerHelp(script: string, args: readonly string[] = Deno.args): void {
  if (!args.some((arg) => arg === "--help" || arg === "-h")) return;
  console.log(headComment(readFileSync(fileURLToPath(script), "utf8")));
  Deno.exit(0);
}

/** The text of the documentation comment at the beginning of a source. Throws if there is none. */
export function headComment(source: string): string {
  const comment = /^\/\*\*\n([\s\S]*?)\n? *\*\//.exec(source)?.[1] ??
    /^\/\*\* (.*) \*\//.exec(source)?.[1];
  if (comment === undefined) throw new Error("The script begins with no documentation comment");
  return comment.replace(/^ \* ?/gm, "");
}
