import { deepStrictEqual, ok, strictEqual } from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { load } from "js-yaml";
import { agent } from "../../../hack/permissions.ts";
import { loadConfig } from "../../../src/config/load.ts";
import { type Fields, isSection } from "../../../src/config/field.ts";
import { defaults, schema } from "../../../src/config/schema.ts";

const project = new URL("../../../", import.meta.url).pathname;

const shipped = [
  "deploy/config.example.yaml",
  "hack/dev/config.yaml",
];
for (const file of shipped) {
  Deno.test(`${file} is a valid configuration without warnings`, async () => {
    deepStrictEqual((await loadConfig({ file: join(project, file) })).warnings, []);
  });
}

Deno.test("the example configuration writes out every default, as it says", async () => {
  const { config } = await loadConfig({ file: join(project, "deploy/config.example.yaml") });
  deepStrictEqual(config, defaults);
  const written = load(
    readFileSync(join(project, "deploy/config.example.yaml"), "utf8"),
  ) as Record<string, Record<string, unknown>>;
  const missing = Object.entries(schema as unknown as Fields).flatMap(([key, entry]) => {
    if (!(key in written)) return [key];
    if (!isSection(entry)) return [];
    return Object.keys(entry.fields).filter((inner) => !(inner in written[key]!))
      .map((inner) => `${key}.${inner}`);
  });
  deepStrictEqual(missing, []);
});

Deno.test("Kubetail's chart turns deploy/helm-values.yaml into a valid configuration", async () => {
  const { kubetail } = load(readFileSync(join(project, "deploy/helm-values.yaml"), "utf8")) as {
    kubetail: { clusterAgent: { runtimeConfig: Record<string, unknown> } };
  };
  const { ports, ...runtimeConfig } = kubetail.clusterAgent.runtimeConfig;
  // Like the chart's template "kubetail.clusterAgent.config": the port, then everything else in kebab case.
  const written = { addr: `:${(ports as { grpc: number }).grpc}`, ...kebabKeys(runtimeConfig) };
  const folder = mkdtempSync(join(tmpdir(), "helm-"));
  try {
    const file = join(folder, "config.json");
    writeFileSync(file, JSON.stringify(written));
    const { config, warnings } = await loadConfig({ file });
    deepStrictEqual(warnings, []);
    strictEqual(config.addr, ":50051");
    deepStrictEqual(config.tls, defaults.tls);
    // The chart has no terminationGracePeriodSeconds, so the kubelet kills after 30 s.
    ok(config.shutdownTimeoutMs < 30_000, `shutdown-timeout is ${config.shutdownTimeoutMs} ms`);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

Deno.test("the version in deno.json is the one that chart and values name", () => {
  const { version } = JSON.parse(readFileSync(join(project, "deno.json"), "utf8"));
  const chart = load(readFileSync(join(project, "deploy/chart/Chart.yaml"), "utf8")) as Record<
    string,
    unknown
  >;
  deepStrictEqual([chart["version"], chart["appVersion"]], [version, version]);
  const { kubetail } = load(readFileSync(join(project, "deploy/helm-values.yaml"), "utf8")) as {
    kubetail: { clusterAgent: { image: { tag: string } } };
  };
  strictEqual(kubetail.clusterAgent.image.tag, version);
  const changes = readFileSync(join(project, "CHANGELOG.md"), "utf8");
  ok(changes.includes(`## [${version}]`), `CHANGELOG.md says nothing of ${version}`);
});

Deno.test("no file names an image that could be taken for Kubetail's own agent", () => {
  const files = new Deno.Command("git", { args: ["ls-files"], cwd: project }).outputSync().stdout;
  const named: string[] = [];
  for (const file of new TextDecoder().decode(files).split("\n")) {
    // Statements about Kubetail's agents refer to their image.
    if (!/\.(?:ya?ml|hcl|ts|sh|md|tpl|txt|json)$|Dockerfile$|Tiltfile$/.test(file)) continue;
    if (/^(?:docs\/migration\.md|tests\/unit\/deploy\/)/.test(file)) continue;
    let text: string;
    try {
      text = readFileSync(join(project, file), "utf8");
    } catch {
      continue; // deleted, but not committed yet
    }
    if (/kubetail-org\/kubetail-cluster-agent|kubetail-cluster-agent:(?!\s)[\w.]/.test(text)) {
      named.push(file);
    }
  }
  deepStrictEqual(named, []);
});

Deno.test("every action is pinned by a commit, with its version for people and dependabot", () => {
  const folder = join(project, ".github/workflows");
  const wrong: string[] = [];
  for (const file of readdirSync(folder)) {
    for (const line of readFileSync(join(folder, file), "utf8").split("\n")) {
      if (!/^\s*(?:- )?uses:/.test(line)) continue;
      if (!/uses: (?:\.\/|[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$)/.test(line)) {
        wrong.push(`${file}: ${line.trim()}`);
      }
    }
  }
  deepStrictEqual(wrong, []);
});

Deno.test("one version of Deno everywhere", () => {
  const places = [
    ".github/workflows/ci.yml",
    ".github/workflows/release.yml",
    ".devcontainer/set-up.sh",
    "Dockerfile",
    "hack/tilt/Dockerfile",
    "hack/check_delivery.sh",
    "docs/development.md",
    "README.md",
  ];
  const found = new Map<string, string[]>();
  for (const place of places) {
    const text = readFileSync(join(project, place), "utf8");
    const versions = text.matchAll(
      /(?:deno@|DENO_VERSION[:=]\s*|deno:debian-|\) )(\d+\.\d+\.\d+)\b/g,
    );
    found.set(place, [...new Set([...versions].map((match) => match[1]!))]);
  }
  const wanted = found.get("Dockerfile")!;
  strictEqual(wanted.length, 1);
  for (const [place, versions] of found) deepStrictEqual(versions, wanted, place);
});

Deno.test("pods get longer to end than the agent takes", () => {
  const { terminationGracePeriodSeconds } = load(
    readFileSync(join(project, "deploy/chart/values.yaml"), "utf8"),
  ) as { terminationGracePeriodSeconds: number };
  ok(terminationGracePeriodSeconds * 1000 > defaults.shutdownTimeoutMs);
});

function kebabKeys(values: object): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(values).map(([key, value]: [string, unknown]) => [
      key.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
      value !== null && typeof value === "object" && !Array.isArray(value)
        ? kebabKeys(value)
        : value,
    ]),
  );
}

Deno.test("the image and the chart set the environment that the agent is measured with", () => {
  const text = (path: string) => readFileSync(join(project, path), "utf8");
  const { LD_PRELOAD: _, ...measured } = agent.environment;
  const image = /^ENV LD_PRELOAD=(?:.*\\\n)*.*$/m.exec(text("Dockerfile"))?.[0] ?? "";
  const words = image.split(/[\s\\]+/).slice(1).map((each) => each.split("="));
  // Where it lies in the image, whatever this machine has.
  deepStrictEqual(Object.fromEntries(words), {
    ...measured,
    LD_PRELOAD: /^COPY --from=jemalloc \S+ (\S+\.so\.2)$/m.exec(text("Dockerfile"))?.[1],
  });
  const chart = text("deploy/chart/templates/daemon-set.yaml");
  const set = [...chart.matchAll(/- name: ((?:DENO|MALLOC)_\w+)\s+value: "?([\w:,]+)"?/g)];
  deepStrictEqual(Object.fromEntries(set.map(([, name, value]) => [name, value])), measured);
});
