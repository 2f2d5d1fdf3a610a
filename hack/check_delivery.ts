/**
 * Checks everything that is not code: workflows, the image's bake file, charts, manifests, alerts, shell scripts,
 * links, spelling.
 *
 *     deno task check:delivery [WORD...]     only the checks whose names contain one of the words
 *     deno task check:spelling               the last of them
 *
 * Tools written in Go are built once (hack/tool.sh). A check whose tool is unavailable is skipped with a message; any
 * other problem ends with exit code 1.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { findAssets } from "../tests/e2e/assets.ts";
import { type ApiServer, startApiServer } from "./api_server.ts";
import { checkAlerts } from "./delivery/alerts.ts";
import { mustRefuseValues, renderAll, renderChart } from "./delivery/chart.ts";
import { KUBETAIL_CHART_VERSION, renderKubetailChart } from "./delivery/kubetail_chart.ts";
import { checkRelease } from "./delivery/release_check.ts";
import { checkRights } from "./delivery/rights_check.ts";
import {
  applyForReal,
  dryRunAll,
  type ManifestSet,
  mustRefuseMisspelt,
} from "./delivery/server_check.ts";
import { checkSpelling } from "./delivery/spelling.ts";
import { debianTool, firstLine, goTool, project, run, Skipped, tracked } from "./delivery/tools.ts";
import { manifests } from "./dry_run.ts";
import { brokenLinks } from "./links.ts";
import { answerHelp } from "./usage.ts";

answerHelp(import.meta.url);

const checks: readonly (readonly [string, () => string | Promise<string>])[] = [
  ["workflows (actionlint)", workflows],
  ["bake file (buildx bake --print)", bakeFile],
  ["shell scripts (shellcheck)", shellScripts],
  ["links of the documents", documents],
  ["spelling (cspell)", checkSpelling],
  ["chart (helm lint, values.schema.json)", chart],
  ["alerts (promtool check rules, promtool test rules)", checkAlerts],
  ["what a release carries", checkRelease],
  ["the agent's rights (RBAC of a real API server)", rights],
  ["manifests (helm template, dry run on a real API server)", kubernetes],
  [`Kubetail's chart ${KUBETAIL_CHART_VERSION} with deploy/helm-values.yaml`, kubetail],
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

function chart(): string {
  const said = run(goTool("helm"), ["lint", "--strict", "deploy/chart"]);
  mustRefuseValues();
  return said.trim().split("\n").at(-1)!;
}

async function kubernetes(): Promise<string> {
  const sets: ManifestSet[] = await renderAll();
  const rendered = sets.length;
  for (const file of tracked((file) => /^(hack\/manifests|tests\/e2e)\/.*\.yaml$/.test(file))) {
    sets.push({ name: file, objects: manifests(readFileSync(join(project, file), "utf8")) });
  }
  const count = await dryRun(`helm renders ${rendered} combinations, not applied`, sets);
  return `${rendered} combinations, ${count} different objects; types of operators against stand-in types`;
}

async function rights(): Promise<string> {
  await using server = await apiServer("nothing was checked");
  // The profile without rights comes first: both have the same account on this server.
  for (const profile of ["token", "front-proxy"]) {
    const name = `deploy/chart with profile=${profile}`;
    const objects = manifests(renderChart(["--set", `profile=${profile}`]));
    await applyForReal(server, objects);
    await checkRights(server, { name, objects }, { reviews: profile === "front-proxy" });
  }
  return "front-proxy: create subjectaccessreviews and nothing else; token: nothing";
}

async function kubetail(): Promise<string> {
  const set = {
    name: `Kubetail's chart ${KUBETAIL_CHART_VERSION}`,
    objects: renderKubetailChart(),
  };
  const types = "hack/manifests/stand-in-types.yaml";
  const count = await dryRun("helm renders it, not applied", [
    set,
    { name: types, objects: manifests(readFileSync(join(project, types), "utf8")) },
  ]);
  return `${count} different objects`;
}

async function dryRun(done: string, sets: readonly ManifestSet[]): Promise<number> {
  await using server = await apiServer(done);
  await applyForReal(server, sets.flatMap(({ objects }) => objects));
  await mustRefuseMisspelt(server, sets);
  return await dryRunAll(server, sets);
}

/** @param done what was checked before, for the message if there is no API server */
async function apiServer(done: string): Promise<ApiServer> {
  const assets = await findAssets();
  if ("missing" in assets) {
    throw new Skipped(
      `${done}: there is no API server here, and none can be built: ${assets.missing}`,
    );
  }
  return await startApiServer(assets.folder);
}

const words = Deno.args;
let failed = 0;
for (const [name, check] of checks) {
  if (words.length > 0 && !words.some((word) => name.includes(word))) continue;
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
