import { accessSync, constants, statSync } from "node:fs";
import { basename, delimiter, join } from "node:path";
import { env, executablePath, isStandalone } from "../../platform/process.ts";
import { version } from "../../config/version.ts";

/** How the user calls this program, up to the command's name. */
export function invocation(
  options: {
    /** Path of the program's own binary; null if it runs from source. */
    readonly binary?: string | null;
    readonly path?: string;
    readonly deno?: string;
  } = {},
): string {
  const path = options.path ?? env("PATH") ?? "";
  const binary = options.binary === undefined
    ? isStandalone() ? executablePath() : null
    : options.binary;
  if (binary !== null) return finds(path, basename(binary)) ? basename(binary) : binary;
  return finds(path, "deno") ? "deno task" : `npx -y deno@${options.deno ?? denoVersion} task`;
}

/** The runtime's version, under which package registries know Deno's own package. */
const denoVersion = (navigator.userAgent.match(/^Deno\/(\S+)/)?.[1]) ?? version;

/** Whether a shell finds the program: npx adds its own folders to PATH, which the user's shell does not have. */
function finds(path: string, program: string): boolean {
  return path.split(delimiter)
    .filter((folder) => folder !== "" && !/[/\\]node_modules[/\\]\.bin|[/\\]_npx[/\\]/.test(folder))
    .some((folder) => {
      try {
        const file = join(folder, program);
        accessSync(file, constants.X_OK);
        return statSync(file).isFile(); // Not a dangling link, which access accepts.
      } catch {
        return false;
      }
    });
}

/** Words quoted for a shell. */
export function quoted(words: readonly string[]): string[] {
  return words.map((word) =>
    /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
  );
}

/** A command on as many lines as the width requires, each but the last ending with a backslash. */
export function commandLines(words: readonly string[], width: number, prompt = "$ "): string {
  const lines: string[] = [];
  let line = "";
  for (const word of quoted(words)) {
    const head = lines.length === 0 ? prompt : "    ";
    const longer = line === "" ? head + word : `${line} ${word}`;
    if (longer.length + 2 > width && line !== "") {
      lines.push(`${line} \\`);
      line = `    ${word}`;
    } else line = longer;
  }
  return [...lines, line].join("\n");
}
