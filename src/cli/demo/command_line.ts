import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { env, isStandalone } from "../../platform/process.ts";
import { version } from "../../config/version.ts";

/** How the person who runs this program calls it, before the command's name. */
export function invocation(
  options: { readonly standalone?: boolean; readonly path?: string; readonly deno?: string } = {},
): string {
  if (options.standalone ?? isStandalone()) return "kubetail-agent-tools";
  const deno = options.deno ?? denoVersion;
  return hasDeno(options.path ?? env("PATH") ?? "") ? "deno task" : `npx -y deno@${deno} task`;
}

/** The runtime's version, which package registries know Deno's own package by. */
const denoVersion = (navigator.userAgent.match(/^Deno\/(\S+)/)?.[1]) ?? version;

/** Whether a shell finds deno: npx adds folders of its own to PATH, which the person's shell does not have. */
function hasDeno(path: string): boolean {
  return path.split(delimiter)
    .filter((folder) => folder !== "" && !/[/\\]node_modules[/\\]\.bin|[/\\]_npx[/\\]/.test(folder))
    .some((folder) => {
      try {
        const path = join(folder, "deno");
        accessSync(path, constants.X_OK);
        return statSync(path).isFile(); // Not a link that leads nowhere: access lets it pass.
      } catch {
        return false;
      }
    });
}

/** Words as a shell takes them. */
export function quoted(words: readonly string[]): string[] {
  return words.map((word) =>
    /^[\w./:=@%+,-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`
  );
}

/** A command over as many lines as the width asks for, each but the last ending in a backslash. */
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
