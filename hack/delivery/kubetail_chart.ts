import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { load } from "js-yaml";
import { type Manifest, manifests } from "../dry_run.ts";
import { cache, goTool, project, run, Skipped } from "./tools.ts";

/** The version of Kubetail's chart for which deploy/helm-values.yaml is written. */
export const KUBETAIL_CHART_VERSION = "0.24.0";

const REPOSITORY = "https://kubetail-org.github.io/helm-charts/";

/**
 * Kubetail's own chart: the folder KUBETAIL_CHART, otherwise a copy in the cache, downloaded once.
 *
 * @throws Skipped if it cannot be downloaded, Error if it has another version
 */
export function kubetailChart(): string {
  const folder = process.env["KUBETAIL_CHART"] ??
    join(cache, "charts", `kubetail-${KUBETAIL_CHART_VERSION}`);
  if (!existsSync(folder)) download(folder);
  const { version } = load(readFileSync(join(folder, "Chart.yaml"), "utf8")) as { version: string };
  if (version !== KUBETAIL_CHART_VERSION) {
    throw new Error(`${folder} has version ${version} instead of ${KUBETAIL_CHART_VERSION}`);
  }
  return folder;
}

function download(folder: string): void {
  const parts = `${folder}.parts`;
  rmSync(parts, { recursive: true, force: true });
  mkdirSync(parts, { recursive: true });
  try {
    run(goTool("helm"), [
      "pull",
      "kubetail",
      "--repo",
      REPOSITORY,
      "--version",
      KUBETAIL_CHART_VERSION,
      "--untar",
      "--untardir",
      parts,
    ]);
    renameSync(join(parts, "kubetail"), folder);
  } catch (error) {
    throw new Skipped(
      `no chart of Kubetail in ${folder}, and it cannot be downloaded from ${REPOSITORY}: ${
        String(error).trim().split("\n").at(-1)
      }`,
    );
  } finally {
    rmSync(parts, { recursive: true, force: true });
  }
}

/** Kubetail's chart with deploy/helm-values.yaml. Throws if the values do not appear in its objects. */
export function renderKubetailChart(): Manifest[] {
  const objects = manifests(
    run(goTool("helm"), [
      "template",
      "kubetail",
      kubetailChart(),
      "--namespace",
      "kubetail",
      "--values",
      join(project, "deploy/helm-values.yaml"),
    ]),
  );
  const daemonSet = objects.find(({ kind }) => kind === "DaemonSet") as Manifest & {
    spec: {
      template: {
        metadata: { labels: Record<string, string> };
        spec: {
          tolerations: unknown[];
          containers: { image: string; resources: { limits: Record<string, string> } }[];
        };
      };
    };
  };
  const pod = daemonSet.spec.template;
  const [container] = pod.spec.containers;
  const { kubetail } = load(readFileSync(join(project, "deploy/helm-values.yaml"), "utf8")) as {
    kubetail: {
      clusterAgent: {
        image: { repository: string; tag: string };
        container: { resources: { limits: Record<string, string> } };
      };
    };
  };
  const { image, container: wanted } = kubetail.clusterAgent;
  const expected: [string, unknown, unknown][] = [
    ["image", container?.image, `${image.repository}:${image.tag}`],
    ["limits", container?.resources.limits, wanted.resources.limits],
    ["tolerations", pod.spec.tolerations, [{ operator: "Exists" }]],
    // The labels by which the chart with kubetailRelease selects.
    ["label name", pod.metadata.labels["app.kubernetes.io/name"], "kubetail"],
    ["label instance", pod.metadata.labels["app.kubernetes.io/instance"], "kubetail"],
    ["label component", pod.metadata.labels["app.kubernetes.io/component"], "cluster-agent"],
  ];
  for (const [what, found, want] of expected) {
    if (JSON.stringify(found) !== JSON.stringify(want)) {
      throw new Error(`${what}: ${JSON.stringify(found)} instead of ${JSON.stringify(want)}`);
    }
  }
  return objects;
}
