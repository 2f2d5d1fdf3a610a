import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { copyFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { cacheFolder } from "../cache_folder.ts";

const project = resolve(import.meta.dirname!, "../..");

/** An npm package in a bundle. */
export interface Package {
  readonly name: string;
  readonly version: string;
  /** SPDX expression, from its package.json. */
  readonly license: string;
  /** Its folder. */
  readonly folder: string;
  /** Subresource integrity ("sha512-…"), from deno.lock. */
  readonly integrity: string;
}

/**
 * A node_modules folder with the packages of deno.lock, for a bundler that supports no other layout. It is outside the
 * checkout and created once per lock file: a node_modules folder in the checkout would change how Deno resolves
 * modules, and `deno compile` would embed all of it.
 */
export function installPackages(): string {
  const key = createHash("sha256").update(readFileSync(join(project, "deno.lock"))).digest("hex");
  const parent = join(cacheFolder(), "packages");
  const folder = join(parent, key.slice(0, 16));
  const modules = join(folder, "node_modules");
  if (existsSync(modules)) return modules;
  mkdirSync(parent, { recursive: true });
  const part = mkdtempSync(join(parent, "part-"));
  try {
    const config = JSON.parse(readFileSync(join(project, "deno.json"), "utf8"));
    writeFileSync(
      join(part, "deno.json"),
      JSON.stringify({ ...config, nodeModulesDir: "auto", tasks: {} }),
    );
    copyFileSync(join(project, "deno.lock"), join(part, "deno.lock"));
    const { code, stderr } = new Deno.Command(Deno.execPath(), {
      args: ["install", "--quiet", "--frozen"],
      cwd: part,
    }).outputSync();
    if (code !== 0) {
      throw new Error(`Cannot install the packages: ${new TextDecoder().decode(stderr)}`);
    }
    try {
      renameSync(part, folder);
    } catch (error) {
      if (!existsSync(modules)) throw error; // another process was faster
    }
  } finally {
    rmSync(part, { recursive: true, force: true });
  }
  return modules;
}

/** The package of a file; null for a file outside packages. Throws if deno.lock does not list it. */
export function packageOf(file: string): Package | null {
  const at = file.lastIndexOf("/node_modules/");
  if (at < 0) return null;
  const [first = "", second = ""] = file.slice(at + "/node_modules/".length).split("/");
  const name = first.startsWith("@") ? `${first}/${second}` : first;
  const folder = join(file.slice(0, at), "node_modules", name);
  const { version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  const integrity = lockedIntegrity(name, version);
  return { name, version, license: String(license), folder, integrity };
}

/** The license and notice texts of a package, by file name. */
export function licenseTexts(folder: string): string[] {
  return readdirSync(folder).filter((name) => /^(?:licen[cs]e|copying|notice)/i.test(name)).sort()
    .map((name) => readFileSync(join(folder, name), "utf8").trim());
}

/** deno.lock names a package NAME@VERSION, followed by its peers if it has any. */
function lockedIntegrity(name: string, version: string): string {
  const { npm } = JSON.parse(readFileSync(join(project, "deno.lock"), "utf8")) as {
    npm: Record<string, { integrity: string }>;
  };
  const id = `${name}@${version}`;
  const found = Object.keys(npm).find((key) => key === id || key.startsWith(`${id}_`));
  if (found === undefined) throw new Error(`deno.lock does not list ${id}`);
  return npm[found]!.integrity;
}
