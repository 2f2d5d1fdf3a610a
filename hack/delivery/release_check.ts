import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Manifest, manifests } from "../dry_run.ts";
import { IMAGE_NAME, releaseManifests } from "../release_manifests.ts";
import { kubetailChart } from "./kubetail_chart.ts";
import { goTool, run, Skipped } from "./tools.ts";

/**
 * Generates a release's manifests, and checks that every image in them is the released one: in all files, and in
 * Kubetail's chart if it can be downloaded.
 */
export function checkRelease(): string {
  const digest = `sha256:${"0123456789abcdef".repeat(4)}`;
  const wanted = `ghcr.io/some-owner/${IMAGE_NAME}@${digest}`;
  const out = mkdtempSync(join(tmpdir(), "release-"));
  try {
    const files = releaseManifests({
      repository: "Some-Owner/some-name",
      registry: "ghcr.io",
      digest,
      out,
    });
    const [chart, values, ...rendered] = files.map((file) => join(out, file));
    const helm = goTool("helm");
    const sets: [string, string][] = rendered.map((file) => [file, readFileSync(file, "utf8")]);
    sets.push([
      chart!,
      run(helm, [
        "template",
        "x",
        chart!,
        "--set",
        "prometheusRule.enabled=true,test.enabled=false",
      ]),
    ]);
    let note = "";
    try {
      sets.push([
        values!,
        run(helm, ["template", "kubetail", kubetailChart(), "--values", values!]),
      ]);
    } catch (error) {
      if (!(error instanceof Skipped)) throw error;
      note = `; helm-values.yaml not rendered: ${error.message}`;
    }
    for (const [file, text] of sets) mustName(file, manifests(text), wanted);
    const alerts = sets.find(([file]) => file === chart)![1];
    const page = "https://github.com/Some-Owner/some-name/blob/v";
    if (!alerts.includes(`runbook_url: ${page}`)) throw new Error(`no alert links to ${page}`);
    return `${files.join(", ")}${note}`;
  } finally {
    rmSync(out, { recursive: true });
  }
}

function mustName(file: string, objects: readonly Manifest[], wanted: string): void {
  const daemonSets = objects.filter(({ kind }) => kind === "DaemonSet") as (Manifest & {
    spec: { template: { spec: { containers: { image: string }[] } } };
  })[];
  const images = daemonSets.flatMap(({ spec }) => spec.template.spec.containers)
    .map(({ image }) => image);
  if (images.length !== 1 || images[0] !== wanted) {
    throw new Error(`${file} names ${images.join(", ") || "no image"} instead of ${wanted}`);
  }
}
