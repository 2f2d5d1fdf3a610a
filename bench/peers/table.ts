import type { Figure, Measure } from "./measures.ts";

/** All that was measured of one server. Memory is in MB. */
export interface ServerRuns {
  readonly name: string;
  /** By the measure's name; in the order of the runs. */
  readonly figures: Record<string, Figure[]>;
  readonly memory: { idle: number; peak: number; byMeasure: Record<string, number> };
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/** The medians side by side, as Markdown. */
export function table(
  measures: readonly Measure[],
  servers: readonly ServerRuns[],
  ripgrep: Readonly<Record<string, readonly number[]>>,
): string {
  const head = ["measure", "unit", "bar"];
  for (const { name } of servers) head.push(`${name}: median`, "min … max", "reached");
  head.push("ripgrep", "agent/ripgrep", "Rust agent");
  if (servers.length > 1) head.push("agent/peer");
  const rows = measures.map((measure) => {
    const moreIsBetter = measure.unit !== "ms" && measure.unit !== "s";
    const { bar } = measure;
    const row = [
      measure.name.replaceAll("|", "\\|"),
      measure.unit,
      bar === undefined ? "" : number(bar),
    ];
    const medians: number[] = [];
    for (const { figures } of servers) {
      const values = figures[measure.name]!.map(({ value }) => value);
      const middle = median(values);
      medians.push(middle);
      row.push(number(middle), `${number(Math.min(...values))} … ${number(Math.max(...values))}`);
      row.push(
        bar === undefined ? "" : (moreIsBetter ? middle >= bar : middle <= bar) ? "yes" : "NO",
      );
    }
    const search = ripgrep[measure.name];
    const isTime = measure.unit === "ms";
    row.push(search === undefined ? "" : `${number(median(search))} ms`);
    row.push(search === undefined || !isTime ? "" : ratio(medians[0]! / median(search)));
    row.push(measure.rust === undefined ? "" : number(measure.rust));
    if (servers.length > 1) row.push(ratio(medians[0]! / medians[1]!));
    return row;
  });
  const lines = [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`);
  return [...lines, "", ...servers.flatMap(details)].join("\n");
}

/** Memory, and the medians of what else was seen. */
function details({ name, figures, memory }: ServerRuns): string[] {
  const lines = [`${name}: memory idle ${number(memory.idle)} MB, peak ${number(memory.peak)} MB`];
  for (const [measure, runs] of Object.entries(figures)) {
    const notes = Object.keys(runs[0]?.notes ?? {}).map((key) =>
      `${key} ${number(median(runs.map((run) => run.notes?.[key] ?? NaN)))}`
    );
    const peak = `memory ${number(memory.byMeasure[measure] ?? NaN)} MB`;
    lines.push(`- ${measure}: ${[...notes, peak].join(", ")}`);
  }
  return [...lines, ""];
}

function number(value: number): string {
  if (Number.isNaN(value)) return "?";
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}

function ratio(value: number): string {
  return `${value.toPrecision(2)}x`;
}
