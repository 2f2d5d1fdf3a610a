import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

/**
 * Where an argument is --help, prints the comment at the head of the script and ends the
 * process: what a script is for and how it is called is written in one place.
 *
 * @param script its import.meta.url
 * @param args those that are the script's own: the first, where others are passed on
 */
export function answerHelp(script: string, args: readonly string[] = Deno.args): void {
  if (!args.some((arg) => arg === "--help" || arg === "-h")) return;
  console.log(headComment(readFileSync(fileURLToPath(script), "utf8")));
  Deno.exit(0);
}

/** The text of the documentation comment that a source begins with. Throws where there is none. */
export function headComment(source: string): string {
  const comment = /^\/\*\*\n([\s\S]*?)\n? *\*\//.exec(source)?.[1] ??
    /^\/\*\* (.*) \*\//.exec(source)?.[1];
  if (comment === undefined) throw new Error("The script begins with no documentation comment");
  return comment.replace(/^ \* ?/gm, "");
}
