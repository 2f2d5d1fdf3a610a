/**
 * The tools from their sources: `deno task client …`, `deno task grep …`, `deno task demo`. Only the demo may write, into
 * a temporary folder; who may make symbolic links, as its log tree has, needs that for everywhere.
 */
import { exitWith, launch } from "./launch/program.ts";
import { runFlags, tools } from "./permissions.ts";

/** The runtime's flags for a command of the tools: those of the binary, or fewer. */
export function toolFlags(command: string): string[] {
  return runFlags(tools).filter((flag) => command === "demo" || flag !== "--allow-write");
}

if (import.meta.main) {
  const [command = "", ...words] = Deno.args;
  const entry = new URL(`../${tools.entry}`, import.meta.url).pathname;
  exitWith(await launch(toolFlags(command), entry, [command, ...words]));
}
