import { ok } from "node:assert/strict";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Program } from "../../../hack/permissions.ts";

/** What `deno compile` writes into a binary, as JSON: how the program is run. */
export interface Baked {
  readonly permissions: Readonly<Record<string, readonly string[] | null | boolean>>;
  readonly v8_flags: readonly string[];
  readonly entrypoint_key: string;
  readonly unstable_config: { readonly features: readonly string[] };
}

/** A file or folder that `deno compile` writes into a binary. */
export interface Entry {
  readonly Dir?: { readonly n: string; readonly e: readonly Entry[] };
  readonly File?: { readonly n: string };
}

/** The permissions of a binary, by kind. */
export function granted(baked: Baked): Record<string, readonly string[]> {
  const kinds: Record<string, readonly string[]> = {};
  for (const [key, value] of Object.entries(baked.permissions)) {
    // Imports from other hosts have a default list; the test also compares that they are denied.
    if (Array.isArray(value) && key !== "allow_import") kinds[key] = [...value as string[]].sort();
  }
  if (baked.permissions.prompt !== false) kinds.prompt = [];
  return kinds;
}

/** The permissions that a program requests, in the same form. */
export function asked(program: Program): Record<string, readonly string[]> {
  const kinds: Record<string, readonly string[]> = {};
  for (const flag of program.permissions.filter((flag) => flag !== "--no-prompt")) {
    const [name = "", list] = flag.slice(2).split("=", 2);
    kinds[name.replace("-", "_")] = list === undefined ? [] : list.split(",").sort();
  }
  return kinds;
}

/** Paths of all files below a folder, relative to it. */
export function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(folder, path)).isFile());
}

/** The paths that a bundle's modules address relative to themselves: `new URL("…", import.meta.url)`. */
export function addressed(folder: string): string[] {
  const found = filesBelow(folder).filter((path) => path.endsWith(".js")).flatMap((path) =>
    [
      ...readFileSync(join(folder, path), "utf8").matchAll(
        /new URL\(\s*"([^"]+)",\s*import\.meta\.url/g,
      ),
    ].map((match) => match[1]!)
  );
  ok(found.length > 0, "no worker is addressed");
  return found;
}

/** The JSON value that begins with the given text, anywhere in a binary. */
export function embeddedJson(bytes: string, beginning: string): unknown {
  for (let from = bytes.indexOf(beginning); from >= 0; from = bytes.indexOf(beginning, from + 1)) {
    let depth = 0;
    let inString = false;
    for (let at = from; at < bytes.length; at++) {
      const char = bytes[at];
      if (inString) {
        if (char === "\\") at++;
        else if (char === '"') inString = false;
      } else if (char === '"') inString = true;
      else if (char === "{" || char === "[") depth++;
      else if ((char === "}" || char === "]") && --depth === 0) {
        return JSON.parse(bytes.slice(from, at + 1));
      }
    }
  }
  throw new Error(`nothing embedded begins with ${beginning}`);
}

/** Paths of all files in a binary. */
export function* paths(entries: readonly Entry[], folder = ""): Generator<string> {
  for (const { Dir, File } of entries) {
    if (File) yield folder + File.n;
    if (Dir) yield* paths(Dir.e, `${folder}${Dir.n}/`);
  }
}
