import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";

/** The project's folder. */
export const project = resolve(import.meta.dirname!, "../..");

/** Where downloads and builds are kept, outside the checkout. */
export const cache = join(
  process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"),
  "kubetail-cluster-agent",
);

/** A check that cannot run on this machine; the message says why. */
export class Skipped extends Error {}

/**
 * How long all builds of tools together may take, in seconds. Each machine needs them once; a run with little time
 * builds the next part of them and skips the rest.
 */
const buildSeconds = Number(process.env["TOOLS_BUILD_SECONDS"] ?? 480);
let building = 0;
const found = new Map<string, string>();

/** The path of a tool written in Go, built if it does not exist yet. Throws Skipped if it cannot be built. */
export function goTool(name: string): string {
  const known = found.get(name);
  if (known !== undefined) return known;
  const begin = performance.now();
  const { code, stdout } = new Deno.Command("bash", {
    args: [join(project, "hack/tool.sh"), name],
    env: { TOOL_BUILD_SECONDS: String(Math.max(1, Math.round(buildSeconds - building))) },
    stdout: "piped",
    stderr: "inherit",
  }).outputSync();
  building += (performance.now() - begin) / 1000;
  if (code !== 0) {
    throw new Skipped(
      `${name} cannot be built here, or not within the ${buildSeconds} s that TOOLS_BUILD_SECONDS leaves`,
    );
  }
  const path = new TextDecoder().decode(stdout).trim();
  found.set(name, path);
  return path;
}

/** The path of a tool from Debian; installed if that is allowed. */
export function debianTool(name: string): string {
  if (search(name) === null && search("apt-get") !== null && Deno.uid() === 0) {
    console.log(`installing ${name} (once)`);
    const script =
      `apt-get install -y -qq "$0" || { apt-get update -qq && apt-get install -y -qq "$0"; }`;
    new Deno.Command("sh", {
      args: ["-c", script, name],
      env: { DEBIAN_FRONTEND: "noninteractive" },
      stdout: "null",
      stderr: "null",
    }).outputSync();
  }
  const path = search(name);
  if (path === null) throw new Skipped(`${name} is not installed`);
  return path;
}

function search(name: string): string | null {
  return (process.env.PATH ?? "").split(":").map((folder) => join(folder, name))
    .find((candidate) => existsSync(candidate)) ?? null;
}

/** The project's files that Git tracks or could track, excluding ignored ones. */
export function tracked(wanted: (file: string) => boolean): string[] {
  return run("git", ["ls-files", "--cached", "--others", "--exclude-standard"]).split("\n")
    .filter((file) => file !== "" && existsSync(join(project, file)) && wanted(file)).sort();
}

/** The first line of one of the project's files, at most 80 bytes of it. */
export function firstLine(file: string): string {
  return readFileSync(join(project, file)).subarray(0, 80).toString("latin1").split("\n", 1)[0]!;
}

/** Standard output of a command, run in the project's folder; throws its output if it fails. */
export function run(command: string, args: readonly string[]): string {
  const { code, stdout, stderr } = new Deno.Command(command, { args: [...args], cwd: project })
    .outputSync();
  const text = new TextDecoder();
  if (code === 0) return text.decode(stdout);
  throw new Error(
    `${command} ${args.join(" ")} ended with ${code}\n${text.decode(stdout)}${text.decode(stderr)}`,
  );
}
