/**
 * Checks all that is not code: workflows, the image's bake file, manifests, shell scripts, links.
 *
 *     deno task check:delivery
 *
 * Tools written in Go are built once into ${XDG_CACHE_HOME:-$HOME/.cache}/kubetail-cluster-agent/tools.
 * A check whose tool cannot be had is skipped and says so; everything else that is wrong ends in exit 1.
 */
import { existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join, resolve } from "node:path";
import process from "node:process";
import { setTimeout as wait } from "node:timers/promises";
import { type ApiServer, startApiServer } from "./api_server.ts";
import { apply, type Manifest, manifests } from "./dry_run.ts";
import { brokenLinks } from "./links.ts";
import { findAssets } from "../tests/e2e/assets.ts";

const project = resolve(import.meta.dirname!, "..");
const cache = join(
  process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"),
  "kubetail-cluster-agent",
);
const toolFolder = join(cache, "tools");

/** Pinned; raise one here and remove the old binary from the folder of tools. */
const goTools: Readonly<Record<string, string>> = {
  actionlint: "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12",
  buildx: "github.com/docker/buildx/cmd/buildx@v0.38.2",
  kustomize: "sigs.k8s.io/kustomize/kustomize/v5@v5.8.2",
};

/** A check that cannot be done on this machine. */
class Skipped extends Error {}

const checks: readonly (readonly [string, () => string | Promise<string>])[] = [
  ["workflows (actionlint)", workflows],
  ["bake file (buildx bake --print)", bakeFile],
  ["shell scripts (shellcheck)", shellScripts],
  ["links of the documents", documents],
  ["manifests (kustomize, dry run on a real API server)", kubernetes],
];

function workflows(): string {
  const files = tracked((file) => /^\.github\/workflows\/.*\.ya?ml$/.test(file));
  run(goTool("actionlint"), ["-no-color", ...files]);
  return `${files.length} files`;
}

function bakeFile(): string {
  const buildx = goTool("buildx");
  const text = readFileSync(join(project, "docker-bake.hcl"), "utf8");
  const targets = [...text.matchAll(/^target "([^"]+)"/gm)].map((match) => match[1]!);
  for (const required of ["image", "image-local", "image-all", "test"]) {
    if (!targets.includes(required)) throw new Error(`docker-bake.hcl has no target ${required}`);
  }
  for (const target of targets) run(buildx, ["bake", "--print", target]);
  return targets.join(", ");
}

function shellScripts(): string {
  const shellcheck = debianTool("shellcheck");
  const files = tracked((file) =>
    file.endsWith(".sh") || /^#!\/.*\b(ba|da)?sh\b/.test(firstLine(file))
  );
  run(shellcheck, ["--severity=style", ...files]);
  return `${files.length} files`;
}

function documents(): string {
  const files = tracked((file) => file.endsWith(".md"));
  const broken = brokenLinks(project, files);
  if (broken.length > 0) {
    throw new Error(
      broken.map(({ file, line, target, problem }) => `${file}:${line}: ${target}: ${problem}`)
        .join("\n"),
    );
  }
  return `${files.length} files`;
}

async function kubernetes(): Promise<string> {
  const kustomize = goTool("kustomize");
  const overlays = readdirSync(join(project, "deploy/kustomize/overlays")).sort()
    .map((name) => `deploy/kustomize/overlays/${name}`);
  const sets = new Map<string, Manifest[]>();
  for (const folder of ["deploy/kustomize/base", ...overlays, "hack/tilt"]) {
    sets.set(folder, manifests(run(kustomize, ["build", folder])));
  }
  for (const file of tracked((file) => /^(hack\/manifests|tests\/e2e)\/.*\.yaml$/.test(file))) {
    const read = manifests(readFileSync(join(project, file), "utf8"));
    sets.set(file, read);
  }

  const assets = await findAssets();
  if ("missing" in assets) {
    throw new Skipped(
      "kustomize builds all folders, but for the dry run there is no API server here, and none can be " +
        `built: ${assets.missing}`,
    );
  }
  await using server = await startApiServer(assets.folder);
  await applyForReal(server, [...sets.values()].flat());
  await mustRefuse(server, sets.get("deploy/kustomize/base")!);
  let count = 0;
  const wrong: string[] = [];
  for (const [from, objects] of sets) {
    for (const object of objects.flatMap((object) => [object, ...podOf(object)])) {
      const problem = await apply(server, object, { dryRun: true });
      count++;
      if (problem !== null) {
        wrong.push(`${from}: ${object.kind} ${object.metadata.name}: ${problem}`);
      }
    }
  }
  if (wrong.length > 0) throw new Error(wrong.join("\n"));
  return `${count} objects of ${sets.size} sets; PodMonitor, Certificate and Issuer against stand-in types`;
}

/** The pod that a DaemonSet or Deployment would make: only pods are held against their namespace's pod security level. */
function podOf(object: Manifest): Manifest[] {
  const { template } = (object as { spec?: { template?: { metadata: object; spec: object } } })
    .spec ?? {};
  if (template === undefined) return [];
  const { name, namespace } = object.metadata;
  return [{
    apiVersion: "v1",
    kind: "Pod",
    ...template,
    metadata: { ...template.metadata, name, ...(namespace === undefined ? {} : { namespace }) },
  } as Manifest];
}

/** What others need to be there, even in a dry run: types, namespaces, priorities. */
async function applyForReal(server: ApiServer, objects: readonly Manifest[]): Promise<void> {
  const first = objects.filter(({ kind }) =>
    ["Namespace", "CustomResourceDefinition", "PriorityClass"].includes(kind)
  );
  for (const object of first) {
    const problem = await apply(server, object, { dryRun: false });
    if (problem !== null) throw new Error(`${object.kind} ${object.metadata.name}: ${problem}`);
  }
  const types = first.filter(({ kind }) => kind === "CustomResourceDefinition") as (Manifest & {
    spec: { group: string; names: { plural: string } };
  })[];
  for (const { spec } of types) {
    for (let tries = 0;; tries++) {
      const { body } = await server.call("GET", `/apis/${spec.group}/v1`);
      const resources = (body.resources ?? []) as { name: string }[];
      if (resources.some((resource) => resource.name === spec.names.plural)) break;
      if (tries > 100) throw new Error(`the server does not serve ${spec.names.plural}`);
      await wait(100);
    }
  }
}

/** Guards the check itself: a misspelt field must be refused, or the dry run shows nothing. */
async function mustRefuse(server: ApiServer, base: readonly Manifest[]): Promise<void> {
  const daemonSet = structuredClone(base.find(({ kind }) => kind === "DaemonSet")) as
    | Manifest & { spec: { template: { spec: Record<string, unknown> } } }
    | undefined;
  if (daemonSet === undefined) throw new Error("deploy/kustomize/base has no DaemonSet");
  const misspelt = "priorityClazzName";
  daemonSet.spec.template.spec[misspelt] = "x";
  const problem = await apply(server, daemonSet, { dryRun: true });
  if (problem === null || !problem.includes(misspelt)) {
    throw new Error(`the API server takes a misspelt field: ${problem}`);
  }
}

/** The path of a tool written in Go, built if it is not there yet. */
function goTool(name: string): string {
  const path = join(toolFolder, name);
  if (existsSync(path)) return path;
  mkdirSync(toolFolder, { recursive: true });
  const go = onPath("go");
  console.log(`building ${goTools[name]} (once)`);
  const { code } = new Deno.Command("nice", {
    args: [go, "install", "-trimpath", goTools[name]!],
    env: { GOBIN: toolFolder },
    stdout: "inherit",
    stderr: "inherit",
  }).outputSync();
  if (code !== 0) throw new Skipped(`${goTools[name]} cannot be built here`);
  return path;
}

/** The path of a tool that Debian has; installed where that may be done. */
function debianTool(name: string): string {
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
  return onPath(name);
}

function onPath(name: string): string {
  const path = search(name);
  if (path === null) throw new Skipped(`${name} is not installed`);
  return path;
}

function search(name: string): string | null {
  return (process.env.PATH ?? "").split(":").map((folder) => join(folder, name))
    .find((candidate) => existsSync(candidate)) ?? null;
}

/** The project's files that git knows or could know, without what it ignores. */
function tracked(wanted: (file: string) => boolean): string[] {
  return run("git", ["ls-files", "--cached", "--others", "--exclude-standard"]).split("\n")
    .filter((file) => file !== "" && existsSync(join(project, file)) && wanted(file)).sort();
}

function firstLine(file: string): string {
  return readFileSync(join(project, file)).subarray(0, 80).toString("latin1").split("\n", 1)[0]!;
}

/** Standard output of a command; throws what it said when it fails. */
function run(command: string, args: string[]): string {
  const { code, stdout, stderr } = new Deno.Command(command, { args, cwd: project }).outputSync();
  const text = new TextDecoder();
  if (code === 0) return text.decode(stdout);
  throw new Error(
    `${command} ${args.join(" ")} ended with ${code}\n${text.decode(stdout)}${text.decode(stderr)}`,
  );
}

let failed = 0;
for (const [name, check] of checks) {
  const begin = performance.now();
  try {
    const said = await check();
    console.log(`ok       ${name}: ${said} (${Math.round(performance.now() - begin)} ms)`);
  } catch (error) {
    if (error instanceof Skipped) {
      console.log(`skipped  ${name}: ${error.message}`);
    } else {
      failed++;
      console.log(`FAILED   ${name}\n${error instanceof Error ? error.message : error}`);
    }
  }
}
Deno.exit(failed === 0 ? 0 : 1);
