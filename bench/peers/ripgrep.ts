/** ripgrep on the same files, as the measure of what a search can cost. */

/** What ripgrep says of itself; null where it is not installed. */
export function ripgrepVersion(): string | null {
  try {
    const { success, stdout } = new Deno.Command("rg", { args: ["--version"] }).outputSync();
    return success ? new TextDecoder().decode(stdout).split("\n")[0]! : null;
  } catch {
    return null;
  }
}

/** Milliseconds in which ripgrep, started anew, finds and writes all lines that match. */
export async function ripgrep(pattern: string, path: string): Promise<number> {
  const began = performance.now();
  const child = new Deno.Command("rg", {
    args: ["--no-config", "--no-filename", "--no-line-number", "-e", pattern, path],
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  for await (const _ of child.stdout); // Taken as a client takes it.
  await child.status;
  return performance.now() - began;
}
