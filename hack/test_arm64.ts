/**
 * Tests the other architecture: the demo, the recorded protocol cases and the engine's unit tests, with Deno for
 * aarch64. On another architecture, a processor is emulated (QEMU user mode), which takes ten times as long; on an
 * arm64 machine, the same tests run without emulation.
 *
 *     deno task test:arm64
 *
 * Deno comes from npm, in the version of this Deno; the C library comes from Debian. Both are unpacked into
 * ${XDG_CACHE_HOME:-~/.cache}/kubetail-cluster-agent; only the emulator is installed.
 */
import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync } from "node:fs";
import { chmodSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { cacheFolder } from "./cache_folder.ts";
import { runFlags, tools } from "./permissions.ts";
import { answerHelp } from "./usage.ts";

answerHelp(import.meta.url);

const project = resolve(import.meta.dirname!, "..");
const EMULATOR = "qemu-aarch64-static";
/** Only for the deadlines of calls: an emulated worker takes half a minute to compile the regex engine. */
const DEADLINE_FACTOR = 20;

/** The command that runs Deno for aarch64, without Deno arguments. */
function denoForArm64(): string[] {
  if (Deno.build.os !== "linux") throw new Error(`Cannot run Linux programs on ${Deno.build.os}`);
  if (Deno.build.arch === "aarch64") return [Deno.execPath()];
  if (!succeeds("which", [EMULATOR])) {
    run("apt-get", ["install", "-y", "-qq", "qemu-user-static"]);
  }
  const folder = join(cacheFolder(), `arm64-deno-${Deno.version.deno}`);
  if (!existsSync(folder)) {
    mkdirSync(cacheFolder(), { recursive: true });
    const part = mkdtempSync(`${folder}.part-`);
    try {
      fetchDeno(part);
      fetchLibraries(part);
      renameSync(part, folder);
    } catch (error) {
      rmSync(part, { recursive: true });
      throw error;
    }
  }
  return [EMULATOR, "-L", join(folder, "system"), join(folder, "package/deno")];
}

function fetchDeno(folder: string): void {
  const name = `@deno/linux-arm64-glibc@${Deno.version.deno}`;
  run("npm", ["pack", "--silent", "--pack-destination", folder, name]);
  const [archive = ""] = readdirSync(folder).filter((file) => file.endsWith(".tgz"));
  run("tar", ["--extract", "--gzip", `--file=${join(folder, archive)}`, `--directory=${folder}`]);
  rmSync(join(folder, archive));
  chmodSync(join(folder, "package/deno"), 0o755);
}

/** With a separate apt state, so that this machine's list of architectures does not change. */
function fetchLibraries(folder: string): void {
  const state = join(folder, "apt");
  const system = join(folder, "system");
  for (const name of ["lists/partial", "archives/partial"]) {
    mkdirSync(join(state, name), { recursive: true });
  }
  mkdirSync(system);
  const options = [
    "APT::Architecture=arm64",
    "APT::Architectures::=arm64",
    `Dir::State::lists=${state}/lists`,
    `Dir::Cache::archives=${state}/archives`,
    `Dir::Cache::pkgcache=`,
    `Dir::Cache::srcpkgcache=`,
    "APT::Sandbox::User=root",
  ].flatMap((option) => ["-o", option]);
  run("apt-get", [...options, "update", "-qq"]);
  run("apt-get", [...options, "download", "-qq", "libc6", "libgcc-s1"], state);
  for (const file of readdirSync(state).filter((file) => file.endsWith(".deb"))) {
    run("dpkg-deb", ["--extract", join(state, file), system]);
  }
  rmSync(state, { recursive: true });
}

function run(command: string, args: string[], cwd = project): void {
  const { success, stdout, stderr } = new Deno.Command(command, { args, cwd }).outputSync();
  if (success) return;
  const text = new TextDecoder();
  throw new Error(
    `Cannot run ${command} ${args.join(" ")}: ${text.decode(stdout)}${text.decode(stderr)}`,
  );
}

function succeeds(command: string, args: string[]): boolean {
  return new Deno.Command(command, { args, stdout: "null", stderr: "null" }).outputSync().success;
}

/** The words of a task's command after `deno`, up to the first test. Throws if it runs none. */
function flagsOf(task: string): string[] {
  const { tasks } = JSON.parse(readFileSync(join(project, "deno.json"), "utf8")) as {
    tasks: Record<string, { command: string }>;
  };
  const words = tasks[task]!.command.split(" ");
  const end = words.findIndex((word) => word.startsWith("tests/"));
  if (end < 0) throw new Error(`The task ${task} runs no tests: ${words.join(" ")}`);
  return words.slice(1, end);
}

const [program = "", ...before] = denoForArm64();
const checks: readonly (readonly [string, readonly string[]])[] = [
  ["demo", ["run", "--no-check", ...runFlags(tools), tools.entry, "demo"]],
  ["recorded cases", [...flagsOf("test"), "--no-check", "tests/conformance"]],
  ["the engine's unit tests", [...flagsOf("test"), "--no-check", "tests/unit/scan"]],
];
let failed = 0;
for (const [name, args] of checks) {
  console.log(`-- ${name}, on ${before.length > 0 ? "an emulated " : ""}aarch64`);
  const begin = performance.now();
  const { success } = await new Deno.Command(program, {
    args: [...before, ...args],
    cwd: project,
    env: { TEST_DEADLINE_FACTOR: String(before.length > 0 ? DEADLINE_FACTOR : 1) },
  }).spawn().status;
  console.log(
    `-- ${name}: ${success ? "ok" : "FAILED"}, ${Math.round((performance.now() - begin) / 1000)} s`,
  );
  if (!success) failed++;
}
Deno.exit(failed === 0 ? 0 : 1);
