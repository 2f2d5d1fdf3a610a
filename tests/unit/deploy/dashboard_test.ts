import { deepStrictEqual, ok } from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createMetrics } from "../../../src/telemetry/metrics.ts";

interface Panel {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly gridPos: { readonly x: number; readonly w: number };
  readonly targets?: readonly { readonly expr: string }[];
}

const dashboard = JSON.parse(
  readFileSync(new URL("../../../deploy/chart/files/dashboard.json", import.meta.url), "utf8"),
) as { panels: Panel[]; templating: { list: { definition?: string }[] } };

/** Name → type of every metric that the agent exports. */
function exported(): Map<string, string> {
  const metrics = createMetrics({ version: "0", isReady: () => true });
  try {
    return new Map(
      [...metrics.render().matchAll(/^# TYPE (\S+) (\S+)$/gm)].map((
        match,
      ) => [match[1]!, match[2]!]),
    );
  } finally {
    metrics.close();
  }
}

function used(expression: string): string[] {
  return expression.match(/\b(?:kubetail_agent|process)_[a-z_]+/g) ?? [];
}

Deno.test("every metric of the dashboard is one that the agent exports", () => {
  const metrics = exported();
  const missing: string[] = [];
  for (const panel of dashboard.panels) {
    for (const { expr } of panel.targets ?? []) {
      for (const name of used(expr)) {
        const series = /^(.*)_(?:bucket|sum|count)$/.exec(name)?.[1];
        const known = metrics.has(name) ||
          (series !== undefined && metrics.get(series) === "histogram");
        if (!known) missing.push(`${panel.title}: ${name}`);
      }
    }
  }
  for (const { definition } of dashboard.templating.list) {
    missing.push(...used(definition ?? "").filter((name) => !metrics.has(name)));
  }
  deepStrictEqual(missing, []);
});

Deno.test("every metric of the agent is on the dashboard", () => {
  const shown = new Set(
    dashboard.panels.flatMap((panel) => panel.targets ?? []).flatMap(({ expr }) => used(expr))
      .map((name) => name.replace(/_(?:bucket|sum|count)$/, "")),
  );
  deepStrictEqual([...exported().keys()].filter((name) => !shown.has(name)), []);
});

Deno.test("every metric of the agent is described in docs/operations.md", () => {
  const page = readFileSync(new URL("../../../docs/operations.md", import.meta.url), "utf8");
  deepStrictEqual([...exported().keys()].filter((name) => !page.includes(`\`${name}\``)), []);
});

Deno.test("a counter is on the dashboard as a rate or an increase only", () => {
  const counters = [...exported()].filter(([, type]) => type === "counter").map(([name]) => name);
  const bare: string[] = [];
  for (const panel of dashboard.panels) {
    for (const { expr } of panel.targets ?? []) {
      const without = expr.replace(/\b(?:rate|increase)\([^[]*\[[^\]]*\]\)/g, "");
      bare.push(
        ...counters.filter((name) => without.includes(name)).map((name) =>
          `${panel.title}: ${name}`
        ),
      );
    }
  }
  deepStrictEqual(bare, []);
});

Deno.test("the dashboard's panels have ids of their own and lie within its width", () => {
  const { panels } = dashboard;
  deepStrictEqual(new Set(panels.map(({ id }) => id)).size, panels.length);
  for (const { title, gridPos } of panels) ok(gridPos.x + gridPos.w <= 24, title);
  for (const { title, type, targets } of panels) {
    ok(type === "row" || (targets ?? []).length > 0, `${title} shows nothing`);
  }
});

Deno.test("the dashboard works with the labels of every scrape: node is for its legends only", () => {
  const everyScrape = ["job", "instance"];
  const own = ["code", "le", "limit", "method", "node", "reason", "state", "verdict"];
  const wrong: string[] = [];
  for (const { title, targets } of dashboard.panels) {
    for (const { expr } of targets ?? []) {
      const selected = [...expr.matchAll(/([a-z_]+)=~"\$/g)].map((match) => match[1]!);
      if (selected.some((label) => !everyScrape.includes(label))) wrong.push(`${title}: ${expr}`);
      for (const [, list] of expr.matchAll(/\bby \(([^)]*)\)/g)) {
        const labels = list!.split(", ");
        const known = labels.every((label) => [...everyScrape, ...own].includes(label));
        if (!known || (labels.includes("node") && !labels.includes("instance"))) {
          wrong.push(`${title}: by (${list})`);
        }
      }
    }
  }
  for (const { definition } of dashboard.templating.list) {
    const label = /, ([a-z_]+)\)$/.exec(definition ?? "job, job)")?.[1] ?? "";
    if (!everyScrape.includes(label)) wrong.push(definition ?? "");
  }
  deepStrictEqual(wrong, []);
});
