/**
 * Runs the tools from source: `deno task client …`, `deno task grep …`, `deno task demo`. Only the demo may write, into
 * a temporary folder; a program that may create symbolic links, which its log tree contains, needs that permission for
 * everywhere.
 */
import { exitWith, launch } from "./launch/program.ts";
import { runFlags, tools } from "./permissions.ts";

/** The runtime's flags for a command of the tools: those of the binary, or fewer. */
export function toolFlags(command: string): string[] {
  return runFlags(tools).filter((flag) => command === "demo" || flag !== "--allow-write");
}

if (import.meta.main) {
  const [command = "", ...words] = Deno.args;
  const path = (file: string) => new URL(`../${file}`, import.meta.url).pathname;
  const flags = ["--config", path("deno.json"), ...toolFlags(command)];
  exitWith(await launch(flags, path(tools.entry), [command, ...words]));
}
