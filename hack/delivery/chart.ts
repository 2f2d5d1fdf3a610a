import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadConfig } from "../../src/config/load.ts";
import { type Manifest, manifests } from "../dry_run.ts";
import { goTool, run } from "./tools.ts";

/** One rendering of the chart. */
export interface Rendering {
  /** The options that produced it, for messages. */
  readonly name: string;
  readonly objects: readonly Manifest[];
}

/**
 * A feature and its choices, each a list of `--set` options. Every choice of each feature is combined with every choice
 * of all others.
 */
const features: readonly (readonly (readonly string[])[])[] = [
  [["profile=front-proxy"], ["profile=token"]],
  [
    [],
    ["tls.certManager.enabled=true"],
    [
      "tls.certManager.enabled=true",
      "tls.certManager.issuerRef.name=company",
      "tls.certManager.issuerRef.kind=ClusterIssuer",
    ],
  ],
  [["logAccess=group"], ["logAccess=root"]],
  [[], ["docker.enabled=true"]],
  [
    [],
    ["networkPolicy.enabled=false"],
    [
      "networkPolicy.egress.apiServerCidrs={10.0.0.10/32,fd00::10/128}",
      "networkPolicy.egress.dns=true",
    ],
    ["networkPolicy.flavor=cilium", "networkPolicy.egress.dns=true"],
  ],
  [
    [],
    ["podMonitor.enabled=true", "prometheusRule.enabled=true", "dashboard.enabled=true"],
  ],
];

/** Values that change few objects, each rendered once on its own. */
const single: readonly (readonly string[])[] = [
  ["podMonitor.enabled=true"],
  ["prometheusRule.enabled=true", "resources.limits.memory=null"],
  ["dashboard.enabled=true", "dashboard.namespace=grafana", "dashboard.annotations.folder=Logs"],
  ["config.telemetry.addr=", "podMonitor.enabled=true", "prometheusRule.enabled=true"],
  ["config.addr=127.0.0.1:1234", "config.telemetry.addr=:1235"],
  ["config.tls.enabled=false", "profile=token", "config.addr=127.0.0.1:50051"],
  ["config.authorization.methods={front-proxy,token}"],
  ["rbac.create=false", "serviceAccount.create=false", "serviceAccount.name=mine"],
  ["priorityClass.create=false"],
  ["priorityClass.create=false", "priorityClass.name=system-node-critical"],
  ["commonLabels.team=logs", "commonAnnotations.owner=logs", "podLabels.a=b", "podAnnotations.c=d"],
  ["image.registry=example.org", "image.digest=sha256:" + "0".repeat(64)],
  ["test.enabled=false", "networkPolicy.prometheus.namespace="],
  ["networkPolicy.prometheus.podLabels=null"],
  ["imagePullSecrets[0].name=registry", "extraArgs={--param=logging.level:debug}"],
  [
    "kubetailRelease=kubetail",
    "podMonitor.enabled=true",
    "prometheusRule.enabled=true",
    "dashboard.enabled=true",
  ],
];

/** Every combination of features, and every single value. */
export function combinations(): string[][] {
  let all: string[][] = [[]];
  for (const choices of features) {
    all = all.flatMap((options) => choices.map((choice) => [...options, ...choice]));
  }
  return [...all, ...single.map((options) => [...options])];
}

/** Options for Helm: commas and braces in values are Helm's own syntax for lists. */
function setOptions(options: readonly string[]): string[] {
  return options.flatMap((option) => ["--set", option]);
}

/** Renders the chart with helm. */
export function renderChart(args: readonly string[], release = "kubetail-cluster-agent"): string {
  return run(goTool("helm"), [
    "template",
    release,
    "deploy/chart",
    "--namespace",
    "kubetail-system",
    ...args,
  ]);
}

/**
 * All renderings of the chart, including what hack/ installs. Throws if one fails, or contains a configuration that the
 * agent rejects.
 */
export async function renderAll(): Promise<Rendering[]> {
  const sets = combinations().map((options) => ({
    name: options.join(" ") || "the defaults",
    args: setOptions(options),
  }));
  const local = ["--values", "hack/values.yaml"];
  sets.push(
    { name: "hack/values.yaml", args: local },
    {
      name: "hack/values.yaml, docker",
      args: [...local, ...setOptions(["docker.enabled=true"])],
    },
    { name: "hack/tilt/values.yaml", args: [...local, "--values", "hack/tilt/values.yaml"] },
  );
  const renderings: Rendering[] = [];
  const configurations = new Set<string>();
  for (const { name, args } of sets) {
    const objects = manifests(renderChart(args));
    mustBeUnique(name, objects);
    renderings.push({ name: `deploy/chart with ${name}`, objects });
    for (const object of objects) {
      const text = (object as { data?: Record<string, string> }).data?.["config.yaml"];
      if (text !== undefined) configurations.add(text);
    }
  }
  for (const text of configurations) await mustBeValid(text);
  return renderings;
}

/**
 * Helm must reject what the agent would reject, and misspelled values: a chart that accepts everything proves nothing.
 */
export function mustRefuseValues(): void {
  for (
    const [option, expected] of [
      ["config.logging.levl=debug", "levl"],
      ["profil=token", "profil"],
      ["image.digest=sha256:abc", "digest"],
      ["prometheusRule.errorRatio=5", "errorRatio"],
      ["config.authorization.methods={anybody}", "methods"],
      ["config.tls.enabled=false", "front-proxy, which needs"],
      ["config.tls.client-auth=none", "front-proxy, which needs"],
      ["profile=token,config.tls.enabled=false", "token, which needs"],
      ["config.authorization.methods={allow-all}", "allow-all, which needs"],
      ["config.telemetry.addr=127.0.0.1:9464", "config.telemetry.addr is a loopback address"],
      ["config.telemetry.addr=,config.addr=127.0.0.1:1", "config.addr is a loopback address"],
      ["nameOverride=not a name", "nameOverride"],
      ["kubetailRelease=Kubetail!", "kubetailRelease"],
      ["dashboard.namespace=two words", "namespace"],
      [
        "prometheusRule.enabled=true,prometheusRule.disabled={KubetailAgentGone}",
        "there is no such alert",
      ],
    ] as const
  ) {
    let problem = "";
    try {
      renderChart(["--set", option]);
    } catch (error) {
      problem = String(error);
    }
    if (!problem.includes(expected)) {
      throw new Error(`the chart takes ${option}: ${problem || "rendered"}`);
    }
  }
}

function mustBeUnique(name: string, objects: readonly Manifest[]): void {
  const seen = new Set<string>();
  for (const { apiVersion, kind, metadata } of objects) {
    const key = `${apiVersion} ${kind} ${metadata.namespace ?? ""}/${metadata.name}`;
    if (seen.has(key)) throw new Error(`${name}: ${key} is there twice`);
    seen.add(key);
  }
}

async function mustBeValid(text: string): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "chart-"));
  try {
    const file = join(folder, "config.yaml");
    writeFileSync(file, text);
    const { warnings } = await loadConfig({ file });
    if (warnings.length > 0) throw new Error(`${warnings.join("\n")}\n${text}`);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
