/**
 * Generates the installable parts of a release: the chart, the same as plain manifests, and the values for Kubetail's
 * own chart, each with the image that this release published, by digest.
 *
 *     deno task release:manifests --repository OWNER/NAME --digest sha256:... [--registry ghcr.io] [--out dist]
 */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { goTool, project, run } from "./delivery/tools.ts";
import { answerHelp } from "./usage.ts";

/** The image's name below the owner of the repository, which differs from that of Kubetail's own agent. */
export const IMAGE_NAME = "kubetail-cluster-agent-deno";

export interface Release {
  /** The repository that releases, in GitHub's form: OWNER/NAME. */
  readonly repository: string;
  /** The image registry, such as ghcr.io. */
  readonly registry: string;
  /** Digest of the image's index: sha256 and 64 digits. */
  readonly digest: string;
  /** A folder, created if necessary. */
  readonly out: string;
}

/** Manifests of a release: file name and options for helm. */
const rendered: readonly (readonly [string, readonly string[]])[] = [
  ["kubetail-cluster-agent-deno.yaml", []],
  ["kubetail-cluster-agent-deno-cert-manager.yaml", ["--set", "tls.certManager.enabled=true"]],
  ["kubetail-cluster-agent-deno-token.yaml", ["--set", "profile=token"]],
];

/** Writes the files; returns their names. Throws Error if the sources are not as expected, or Helm fails. */
export function releaseManifests(release: Release): string[] {
  if (!/^[\w.-]+\/[\w.-]+$/.test(release.repository)) {
    throw new Error(`--repository: found ${release.repository}, expected OWNER/NAME`);
  }
  if (!/^sha256:[0-9a-f]{64}$/.test(release.digest)) {
    throw new Error(
      `--digest: found ${release.digest}, expected sha256: and 64 hexadecimal digits`,
    );
  }
  const { version } = JSON.parse(readFileSync(join(project, "deno.json"), "utf8")) as {
    version: string;
  };
  const home = `https://github.com/${release.repository}`;
  // Registries accept only lower case.
  const repository = `${release.repository.split("/")[0]!.toLowerCase()}/${IMAGE_NAME}`;
  const helm = goTool("helm");
  const work = mkdtempSync(join(tmpdir(), "release-"));
  try {
    mkdirSync(release.out, { recursive: true });
    const chart = join(work, IMAGE_NAME);
    cpSync(join(project, "deploy/chart"), chart, { recursive: true });
    edit(join(chart, "values.yaml"), [
      [/^ {2}# The sources name no registry\.[^]*?\n(?= {2}registry)/m, ""],
      ['  registry: ""\n', `  registry: ${release.registry}\n`],
      [`  repository: ${IMAGE_NAME}\n`, `  repository: ${repository}\n`],
      ['  digest: ""\n', `  digest: ${release.digest}\n`],
      [
        "  runbookUrl: docs/runbooks.md\n",
        `  runbookUrl: ${home}/blob/v${version}/docs/runbooks.md\n`,
      ],
    ]);
    edit(join(chart, "Chart.yaml"), [[/^type: application\n/m, `$&home: ${home}\n`]]);
    run(helm, ["package", chart, "--destination", release.out]);

    const values = join(release.out, "helm-values.yaml");
    cpSync(join(project, "deploy/helm-values.yaml"), values);
    edit(values, [
      [/^ {6}# The sources name no registry\.[^]*?\n(?= {6}registry)/m, ""],
      ['      registry: ""\n', `      registry: ${release.registry}\n`],
      [`      repository: ${IMAGE_NAME}\n`, `      repository: ${repository}\n`],
      ["      digest: null\n", `      digest: ${release.digest}\n`],
    ]);

    const namespace = readFileSync(join(project, "hack/manifests/namespace.yaml"), "utf8");
    for (const [file, options] of rendered) {
      const text = run(helm, [
        "template",
        "kubetail-cluster-agent",
        chart,
        "--namespace",
        "kubetail-system",
        "--set",
        "test.enabled=false",
        ...options,
      ]);
      writeFileSync(join(release.out, file), `${namespace}${text}`);
    }
    return [`${IMAGE_NAME}-${version}.tgz`, "helm-values.yaml", ...rendered.map(([file]) => file)];
  } finally {
    rmSync(work, { recursive: true });
  }
}

/** Replaces each text exactly once; a missing text is an error. */
function edit(file: string, changes: readonly (readonly [string | RegExp, string])[]): void {
  let text = readFileSync(file, "utf8");
  for (const [from, to] of changes) {
    const changed = text.replace(from, to);
    if (changed === text) throw new Error(`${file} has no ${from}`);
    text = changed;
  }
  writeFileSync(file, text);
}

if (import.meta.main) {
  answerHelp(import.meta.url);
  const { values } = parseArgs({
    args: Deno.args,
    options: {
      repository: { type: "string", default: "" },
      digest: { type: "string", default: "" },
      registry: { type: "string", default: "ghcr.io" },
      out: { type: "string", default: "dist" },
    },
  });
  console.log(releaseManifests({ ...values, out: join(Deno.cwd(), values.out) }).join("\n"));
}
