import { project, Skipped, tracked } from "./tools.ts";

const CSPELL = "npm:cspell@10.4.1";

/**
 * Checks the spelling of all tracked files: American English, with the words of cspell.json. Throws if words are
 * misspelled, and Skipped if cspell is neither cached nor downloadable.
 */
export async function checkSpelling(): Promise<string> {
  // Run with Deno: cspell needs a newer Node than many machines have.
  if (!(await cspell(["--version"], "")).success) throw new Skipped(`${CSPELL} cannot be loaded`);
  const files = tracked(() => true);
  const args = ["lint", "--no-progress", "--no-summary", "--no-color", "--file-list", "stdin"];
  const { success, text } = await cspell(args, files.join("\n"));
  if (!success) throw new Error(`${text}\nCorrect the word, or add it to cspell.json`);
  return `${files.length} files`;
}

async function cspell(
  args: readonly string[],
  input: string,
): Promise<{ success: boolean; text: string }> {
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--no-lock", CSPELL, ...args],
    cwd: project,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  const written = writer.write(new TextEncoder().encode(input)).then(() => writer.close());
  const { success, stdout, stderr } = await child.output();
  // A child that ended early has reported why.
  await written.catch(() => {});
  const decoder = new TextDecoder();
  return { success, text: (decoder.decode(stdout) + decoder.decode(stderr)).trim() };
}
