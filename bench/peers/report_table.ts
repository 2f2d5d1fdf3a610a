import { type KeptRun, median, pairedRatio, type ServerRuns, valuesOf } from "./kept_run.ts";
import { type Measure, measures } from "./measures.ts";

/**
 * A run as a Markdown table: for each measure the median of every server, and how this agent compares with each
 * of the others in the same turns. Below 1.00x the agent is ahead, whatever the unit.
 */
export function table(run: KeptRun): string {
  const [agent, ...others] = run.servers;
  if (agent === undefined) return "";
  const hasRipgrep = Object.keys(run.ripgrep).length > 0;
  const head = ["measure", "unit", "agent", "min … max"];
  for (const { name } of others) head.push(name, `agent / ${name}`);
  if (hasRipgrep) head.push("ripgrep", "agent / ripgrep");
  const rows = measuresOf(run).map((measure) => {
    const own = valuesOf(agent, measure.name);
    const row = [
      measure.name.replaceAll("|", "\\|"),
      measure.unit,
      `**${number(median(own))}**`,
      `${number(Math.min(...own))} … ${number(Math.max(...own))}`,
    ];
    for (const other of others) {
      const values = valuesOf(other, measure.name);
      row.push(values.length === 0 ? "" : number(median(values)), cost(measure, own, values));
    }
    if (hasRipgrep) {
      const search = run.ripgrep[measure.name] ?? [];
      const isTime = measure.unit === "ms";
      row.push(search.length === 0 ? "" : `${number(median(search))} ms`);
      row.push(isTime ? cost(measure, own, search) : "");
    }
    return row;
  });
  const memory = ["memory, idle / peak", "MB", `**${memoryOf(agent)}**`, ""];
  for (const other of others) memory.push(memoryOf(other), "");
  if (hasRipgrep) memory.push("", "");
  return [head, head.map(() => "---"), ...rows, memory]
    .map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** What else was seen: the notes of each measure, and its peak of memory. */
export function details({ servers }: KeptRun): string {
  return servers.map(({ name, figures, failures, memory }) => {
    const lines = [`${name}:`];
    for (const [measure, turns] of Object.entries(figures)) {
      const notes = Object.keys(turns[0]?.notes ?? {}).map((key) =>
        `${key} ${number(median(turns.map((turn) => turn.notes?.[key] ?? NaN)))}`
      );
      notes.push(`memory ${number(memory.byMeasure[measure] ?? NaN)} MB`);
      lines.push(`- ${measure}: ${notes.join(", ")}`);
    }
    for (const [measure, why] of Object.entries(failures)) {
      lines.push(`- ${measure}: not measured: ${why}`);
    }
    return lines.join("\n");
  }).join("\n\n");
}

/** The measures that the run has figures of, in their usual order. */
export function measuresOf(run: KeptRun): Measure[] {
  return measures.filter(({ name }) => run.servers[0]?.figures[name] !== undefined);
}

/** How much more the first costs than the second; "" where one was not measured. */
function cost(measure: Measure, own: readonly number[], other: readonly number[]): string {
  const value = measure.moreIsBetter ? pairedRatio(other, own) : pairedRatio(own, other);
  return Number.isNaN(value) ? "" : `${value.toPrecision(2)}x`;
}

function memoryOf({ memory }: ServerRuns): string {
  return `${number(memory.idle)} / ${number(memory.peak)}`;
}

/** Three digits. */
export function number(value: number): string {
  if (Number.isNaN(value)) return "?";
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}
