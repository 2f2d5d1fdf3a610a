import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { dump, load } from "js-yaml";
import { createMetrics } from "../../src/telemetry/metrics.ts";
import { manifests } from "../dry_run.ts";
import { renderChart } from "./chart.ts";
import { goTool, project, run } from "./tools.ts";

const TESTS = "tests/alerts/rules_test.yaml";
const PAGE = "docs/runbooks.md";

interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string;
      readonly expr: string;
      readonly annotations: Readonly<Record<string, string>>;
    }[];
  }[];
}

/**
 * Checks the chart's alerts against promtool, their tests, the agent's metrics and the runbooks.
 *
 * @returns promtool's output for the rules
 * @throws Error naming the mismatch
 */
export function checkAlerts(): string {
  const [rule] = manifests(renderChart([
    "--show-only",
    "templates/prometheus-rule.yaml",
    "--set",
    "prometheusRule.enabled=true",
    "--set",
    "prometheusRule.runbookUrl=https://example.org/runbooks",
  ])) as unknown as { spec: Rules }[];
  const { spec } = rule!;
  mustTakeLimit("402653184", "384Mi");
  mustTakeLimit("0.5Gi", "512Mi");
  const alerts = spec.groups.flatMap(({ rules }) => rules);
  mustHaveTests(alerts.map(({ alert }) => alert));
  mustHaveRunbooks(alerts.map(({ alert }) => alert));
  mustKnowMetrics(alerts.map(({ expr }) => expr).join("\n"));
  const folder = mkdtempSync(join(tmpdir(), "alerts-"));
  try {
    const file = join(folder, "rules.yaml");
    writeFileSync(file, dump(spec));
    writeFileSync(join(folder, "rules_test.yaml"), readFileSync(join(project, TESTS)));
    const promtool = goTool("promtool");
    const said = run(promtool, ["check", "rules", "--lint=all", "--lint-fatal", file]);
    run(promtool, ["test", "rules", join(folder, "rules_test.yaml")]);
    return said.trim().split("\n").at(-1)!.trim();
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The alert for memory must treat two notations of a memory limit alike, and must exist. */
function mustTakeLimit(...limits: [string, string]): void {
  const [one, other] = limits.map((limit) =>
    renderChart([
      "--show-only",
      "templates/prometheus-rule.yaml",
      "--set",
      `prometheusRule.enabled=true,resources.limits.memory=${limit}`,
    ])
  );
  if (one !== other || !one!.includes("KubetailAgentMemoryNearLimit")) {
    throw new Error(`The memory limits ${limits.join(" and ")} make different alerts, or none`);
  }
}

/** Each alert must be raised by a test; promtool does not check that. */
function mustHaveTests(names: readonly string[]): void {
  const { tests: all } = load(readFileSync(join(project, TESTS), "utf8")) as {
    tests: { alert_rule_test: { alertname: string; exp_alerts: unknown[] }[] }[];
  };
  const raised = new Set(
    all.flatMap(({ alert_rule_test }) => alert_rule_test)
      .filter(({ exp_alerts }) => exp_alerts.length > 0).map(({ alertname }) => alertname),
  );
  const missing = names.filter((name) => !raised.has(name));
  if (missing.length > 0) throw new Error(`${TESTS} raises no ${missing.join(", ")}`);
}

function mustHaveRunbooks(names: readonly string[]): void {
  const headings = [...readFileSync(join(project, PAGE), "utf8").matchAll(/^### (\w+)$/gm)]
    .map((match) => match[1]!);
  const missing = names.filter((name) => !headings.includes(name));
  if (missing.length > 0) throw new Error(`${PAGE} has no section ${missing.join(", ")}`);
  const gone = headings.filter((name) => !names.includes(name));
  if (gone.length > 0) {
    throw new Error(`${PAGE} has a section ${gone.join(", ")}, but no such alert`);
  }
}

/** An alert with a misspelled metric is never raised. */
function mustKnowMetrics(expressions: string): void {
  const metrics = createMetrics({ version: "0", isReady: () => true });
  const exported = metrics.render();
  metrics.close();
  const names = expressions.match(/\b(?:kubetail_agent|process)_[a-z_]+(?=\{)/g) ?? [];
  const unknown = names.filter((name) =>
    !exported.includes(`# TYPE ${name.replace(/_bucket$/, "")} `)
  );
  if (unknown.length > 0) throw new Error(`the agent exports no ${unknown.join(", ")}`);
}
