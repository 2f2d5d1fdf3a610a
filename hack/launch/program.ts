/**
 * Runs a program from source with the runtime's flags, so that the task's own command stays short: `deno task` prints
 * it before the program's first line.
 */
import process from "node:process";
import { tools } from "../permissions.ts";

const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Runs `deno run FLAGS ENTRY WORDS…` with this process's input and output. Passes on signals and waits for the child,
 * so that it can clean up. Resolves to its exit code.
 */
export async function launch(
  flags: readonly string[],
  entry: string,
  words: readonly string[],
): Promise<number> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", ...flags, entry, ...words],
    // A task runs in the project's folder; relative paths refer to INIT_CWD, where it was called.
    ...(process.env["INIT_CWD"] === undefined ? {} : { cwd: process.env["INIT_CWD"] }),
    env: tools.environment,
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  for (const signal of signals) {
    Deno.addSignalListener(signal, () => {
      try {
        child.kill(signal);
      } catch {
        // It has already ended: its exit code comes next.
      }
    });
  }
  const { code } = await child.status;
  return code;
}

/** Ends with the exit code, as the program itself would. */
export function exitWith(code: number): never {
  process.exit(code);
}
