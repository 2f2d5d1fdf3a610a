/** ripgrep on the same files, as a reference for the cost of a search. */

/** ripgrep's version; null if it is not installed. */
export function ripgrepVersion(): string | null {
  try {
    const { success, stdout } = new Deno.Command("rg", { args: ["--version"] }).outputSync();
    return success ? new TextDecoder().decode(stdout).split("\n")[0]! : null;
  } catch {
    return null;
  }
}

/** The time in milliseconds that ripgrep takes to start, find and write all matching lines. */
export async function ripgrep(pattern: string, path: string): Promise<number> {
  const began = performance.now();
  const child = new Deno.Command("rg", {
    args: ["--no-config", "--no-filename", "--no-line-number", "-e", pattern, path],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  for await (const _ of child.stdout); // Read as a client would read it.
  await child.status;
  return performance.now() - began;
}
