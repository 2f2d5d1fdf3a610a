/**
 * Bundles both programs, compiles the bundles for every target and packs the binaries.
 *
 *     deno task compile                                  everything, into dist/
 *     deno task compile --program kubetail-cluster-agent --target x86_64-unknown-linux-gnu --no-pack
 *     deno task compile --out FOLDER --version 1.2.3
 *
 * Writes bundle/PROGRAM, TARGET/PROGRAM, an archive per program and target (with LICENSE, the licenses of the bundled
 * software, README.md and, for the agent, an example configuration), the bill of materials of each program
 * (PROGRAM_VERSION.cdx.json), and SHA256SUMS of archives and bills. `deno compile` downloads the runtime of each target
 * once.
 */
import {
  copyFileSync,
  createReadStream,
  mkdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { basename, join, resolve } from "node:path";
import { pipeline } from "node:stream/promises";
import { parseArgs } from "node:util";
import { type Bundle, bundle } from "./bundle.ts";
import { compileFlags, type Program, programs } from "./permissions.ts";
import { answerHelp } from "./usage.ts";

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
  /** Path of a runtime to embed instead of the target's own, which would be downloaded. */
  readonly runtime?: string;
}

const project = resolve(import.meta.dirname!, "..");

/**
 * Throws an Error that names the failed step. Returns the paths of archives and bills of materials, or those of the
 * binaries if nothing is packed.
 */
export async function compile(options: CompileOptions): Promise<string[]> {
  const binaries: Binary[] = [];
  for (const program of options.programs) {
    const folder = join(options.out, "bundle", program.name);
    rmSync(folder, { recursive: true, force: true });
    const bundled = await bundle(program, folder);
    for (const target of options.targets) {
      binaries.push({ program, bundled, target, path: join(options.out, target, program.name) });
    }
  }
  for (const { program, bundled, target, path } of binaries) {
    mkdirSync(join(options.out, target), { recursive: true });
    run(
      Deno.execPath(),
      ["compile", ...compileFlags(program, bundled.include, target, path), bundled.entry],
      options.runtime === undefined ? {} : { DENORT_BIN: options.runtime },
    );
  }
  if (!options.pack) return binaries.map((binary) => binary.path);

  const made = binaries.map((binary) => pack(binary, options));
  for (const { program, bundled } of new Map(binaries.map((one) => [one.bundled, one])).values()) {
    const bill = join(options.out, `${program.name}_${options.version}.cdx.json`);
    writeFileSync(bill, bundled.sbom);
    made.push(bill);
  }
  let sums = "";
  for (const path of made) sums += `${await sha256(path)}  ${basename(path)}\n`;
  writeFileSync(join(options.out, "SHA256SUMS"), sums);
  return made;
}

interface Binary {
  readonly program: Program;
  readonly bundled: Bundle;
  readonly target: string;
  readonly path: string;
}

/** The same bytes for the same input: names in order, no owner, and only the program's own times. */
function pack({ program, bundled, target, path }: Binary, options: CompileOptions): string {
  const folder = `${program.name}_${options.version}_${targets[target]}`;
  const staged = join(options.out, folder);
  rmSync(staged, { recursive: true, force: true });
  mkdirSync(staged);
  copyFileSync(path, join(staged, program.name));
  writeFileSync(join(staged, "LICENSES-OF-PACKAGES.txt"), bundled.licenses);
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
  answerHelp(import.meta.url);
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
