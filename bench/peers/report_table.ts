import {
  type KeptRun,
  median,
  pairedRatio,
  peakOf,
  type ServerRuns,
  valuesOf,
} from "./kept_run.ts";
import { type Measure, measures } from "./measures.ts";

/** Names of the memory rows, which are not measurements. */
export const IDLE = "memory idle";
export const PEAK = "memory at its peak, all but slow patterns";
export const SLOW_PEAK = "memory at its peak, slow patterns";

/** One row of a report: a measurement, or a memory figure. */
export interface Row {
  readonly name: string;
  readonly unit: string;
  readonly moreIsBetter: boolean;
  /** In the order of the turns; empty if the server was not measured. */
  readonly values: (server: ServerRuns) => readonly number[];
}

/** The rows for which the run has figures, in their usual order. */
export function rowsOf(run: KeptRun): Row[] {
  const done = measuresOf(run);
  const peak = (name: string, isPart: (measure: Measure) => boolean): Row => ({
    name,
    unit: "MB",
    moreIsBetter: false,
    values: (server) => finite([peakOf(server, done.filter(isPart).map(({ name }) => name))]),
  });
  const rows: Row[] = [
    ...done.map(({ name, unit, moreIsBetter = false }) => ({
      name,
      unit,
      moreIsBetter,
      values: (server: ServerRuns) => valuesOf(server, name),
    })),
    {
      name: IDLE,
      unit: "MB",
      moreIsBetter: false,
      values: ({ memory }) => finite(memory.idle),
    },
    peak(PEAK, ({ isSlowPattern }) => isSlowPattern !== true),
    peak(SLOW_PEAK, ({ isSlowPattern }) => isSlowPattern === true),
  ];
  return rows.filter(({ values }) => run.servers.some((server) => values(server).length > 0));
}

/**
 * A run as a Markdown table: for each row the median of every server, and how this agent compares with each of the
 * others in the same turns. Below 1.00x the agent is ahead, whatever the unit.
 *
 * @param names the rows to show; all by default
 * @param servers names of the servers to show next to the agent; all by default
 */
export function table(
  run: KeptRun,
  { names, servers, withRange = true }: {
    readonly names?: readonly string[];
    readonly servers?: readonly string[];
    /** Whether the agent's lowest and highest figures are shown. */
    readonly withRange?: boolean;
  } = {},
): string {
  const [agent, ...rest] = run.servers;
  if (agent === undefined) return "";
  const others = rest.filter(({ name }) => servers?.includes(name) ?? true);
  const hasRipgrep = Object.keys(run.ripgrep).length > 0;
  const head = ["", "unit", "this agent"];
  if (withRange) head.push("min … max");
  for (const { name } of others) head.push(name, `agent / ${name}`);
  if (hasRipgrep) head.push("ripgrep", "agent / ripgrep");
  const shown = rowsOf(run).filter(({ name }) => names?.includes(name) ?? true);
  const lines = shown.map((row) => {
    const own = row.values(agent);
    const cells = [markdownText(row.name), row.unit, `**${number(median(own))}**`];
    if (withRange) {
      const range = `${number(Math.min(...own))} … ${number(Math.max(...own))}`;
      cells.push(own.length > 1 ? range : "");
    }
    for (const other of others) {
      const values = row.values(other);
      cells.push(values.length === 0 ? "" : number(median(values)), cost(row, own, values));
    }
    if (hasRipgrep) {
      const search = run.ripgrep[row.name] ?? [];
      cells.push(search.length === 0 ? "" : `${number(median(search))} ms`);
      cells.push(row.unit === "ms" ? cost(row, own, search) : "");
    }
    return cells;
  });
  return markdownTable(head, lines);
}

/** Cells as a Markdown table. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  return [head, head.map(() => "---"), ...rows].map((row) => `| ${row.join(" | ")} |`).join("\n");
}

/** Text that appears literally in a cell. */
export function markdownText(text: string): string {
  return text.replace(/[|*_<`[\]]/g, "\\$&");
}

/** Other observations: the notes of each measurement, and its peak memory. */
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

/** The measurements for which the run has figures, in their usual order. */
export function measuresOf(run: KeptRun): Measure[] {
  return measures.filter(({ name }) => run.servers[0]?.figures[name] !== undefined);
}

/** How much more the first costs than the second, pair by pair; NaN if one was not measured. */
export function costRatio(
  { moreIsBetter }: Pick<Row, "moreIsBetter">,
  own: readonly number[],
  other: readonly number[],
): number {
  return moreIsBetter ? pairedRatio(other, own) : pairedRatio(own, other);
}

function cost(row: Row, own: readonly number[], other: readonly number[]): string {
  const value = costRatio(row, own, other);
  return Number.isNaN(value) ? "" : `${value.toPrecision(2)}x`;
}

function finite(values: readonly number[]): number[] {
  return values.filter((value) => Number.isFinite(value));
}

/** With three significant digits. */
export function number(value: number): string {
  if (Number.isNaN(value)) return "?";
  if (Math.abs(value) >= 1000) return Math.round(value).toLocaleString("en-US");
  return String(Number(value.toPrecision(3)));
}
