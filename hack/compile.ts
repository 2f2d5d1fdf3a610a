/**
 * Compiles both programs for every target and packs them.
 *
 *     deno task compile                                  everything, into dist/
 *     deno task compile --program kubetail-cluster-agent --target x86_64-unknown-linux-gnu --no-pack
 *     deno task compile --out FOLDER --version 1.2.3
 *
 * Leaves TARGET/PROGRAM, an archive a program and target (with LICENSE, README.md and, for the agent,
 * an example of its configuration), and SHA256SUMS of the archives. `deno compile` downloads the
 * runtime of each target once.
 */
import {
  copyFileSync,
  createReadStream,
  existsSync,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { basename, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { compileFlags, type Program, programs } from "./permissions.ts";

export const targets: Readonly<Record<string, string>> = {
  "x86_64-unknown-linux-gnu": "linux_amd64",
  "aarch64-unknown-linux-gnu": "linux_arm64",
};

export interface CompileOptions {
  readonly programs: readonly Program[];
  readonly targets: readonly string[];
  readonly out: string;
  readonly version: string;
  readonly pack: boolean;
  /** Path of a runtime to embed in instead of the target's own, which is downloaded. */
  readonly runtime?: string;
}

const project = resolve(import.meta.dirname!, "..");

/** Throws an Error that names the step that failed. Returns the archives' paths, or the binaries' when nothing is packed. */
export async function compile(options: CompileOptions): Promise<string[]> {
  if (existsSync(join(project, "node_modules"))) {
    throw new Error(
      "Cannot compile: there is a node_modules folder, which would be embedded whole; remove it",
    );
  }
  const binaries = options.targets.flatMap((target) =>
    options.programs.map((program) => ({
      program,
      target,
      path: join(options.out, target, program.name),
    }))
  );
  for (const { program, target, path } of binaries) {
    mkdirSync(join(options.out, target), { recursive: true });
    run(
      Deno.execPath(),
      ["compile", ...compileFlags(program, target, path), program.entry],
      options.runtime === undefined ? {} : { DENORT_BIN: options.runtime },
    );
  }
  if (!options.pack) return binaries.map((binary) => binary.path);

  const archives = binaries.map((binary) =>
    pack(binary.program, binary.path, targets[binary.target]!, options)
  );
  let sums = "";
  for (const archive of archives) sums += `${await sha256(archive)}  ${basename(archive)}\n`;
  writeFileSync(join(options.out, "SHA256SUMS"), sums);
  return archives;
}

/** The same bytes for the same input: names in order, no owner, no times but the program's own. */
function pack(program: Program, binary: string, platform: string, options: CompileOptions): string {
  const folder = `${program.name}_${options.version}_${platform}`;
  const staged = join(options.out, folder);
  rmSync(staged, { recursive: true, force: true });
  mkdirSync(staged);
  copyFileSync(binary, join(staged, program.name));
  const texts = ["LICENSE", "README.md"];
  if (program.name === "kubetail-cluster-agent") texts.push("deploy/config.example.yaml");
  for (const text of texts) copyFileSync(join(project, text), join(staged, basename(text)));
  const archive = `${staged}.tar.gz`;
  run("tar", [
    "--create",
    "--gzip",
    "--sort=name",
    "--owner=0",
    "--group=0",
    "--numeric-owner",
    "--mtime=@0",
    "--mode=u+rw,go+r,go-w,a+X",
    `--file=${archive}`,
    `--directory=${options.out}`,
    folder,
  ]);
  rmSync(staged, { recursive: true });
  return archive;
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

function run(command: string, args: string[], env: Record<string, string> = {}): void {
  const { code, stdout, stderr } = new Deno.Command(command, { args, cwd: project, env })
    .outputSync();
  if (code === 0) return;
  const text = new TextDecoder();
  throw new Error(
    `${basename(command)} ${args.join(" ")} ended with ${code}\n` +
      text.decode(stdout) + text.decode(stderr),
  );
}

if (import.meta.main) {
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      program: { type: "string", multiple: true },
      target: { type: "string", multiple: true },
      out: { type: "string", default: "dist" },
      version: { type: "string" },
      "no-pack": { type: "boolean", default: false },
    },
  });
  const asked = values.program ?? programs.map((program) => program.name);
  const unknown = [
    ...asked.filter((name) => !programs.some((program) => program.name === name)),
    ...(values.target ?? []).filter((target) => !(target in targets)),
  ];
  if (unknown.length > 0) {
    console.error(
      `Unknown: ${unknown.join(", ")}. Programs: ${
        programs.map((program) => program.name).join(", ")
      }. Targets: ${Object.keys(targets).join(", ")}.`,
    );
    Deno.exit(2);
  }
  const { version } = JSON.parse(readFileSync(join(project, "deno.json"), "utf8"));
  const made = await compile({
    programs: programs.filter((program) => asked.includes(program.name)),
    targets: values.target ?? Object.keys(targets),
    out: resolve(values.out),
    version: values.version ?? version,
    pack: !values["no-pack"],
  });
  for (const path of made) console.log(path);
}
