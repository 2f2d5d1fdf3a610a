import { type KeptRun, median, pairedRatio, valuesOf } from "../peers/kept_run.ts";
import {
  costRatio,
  IDLE,
  markdownTable,
  markdownText,
  number,
  PEAK,
  type Row,
  rowsOf,
} from "../peers/report_table.ts";

interface Measured {
  /** Higher is worse; NaN if the run does not contain it. */
  readonly value: number;
  /** If the figure is the worst of several rows: the rows beyond the limit. */
  readonly beyond?: readonly string[];
}

/** A target for a run, and the result. */
interface Bar extends Measured {
  readonly what: string;
  readonly limit: number;
  readonly unit?: "MB";
}

const LIST = "List of 1,000 files";
const DENSE = "grep (error|timeout) .*reset, 282 k hits";
const EIGHT = "8 greps at once";
const FORWARD = "grep literal, 20 hits";
const BACKWARD = "backward grep, 20 hits";
const COMPACT = "all records, Docker 70 MB";
const SPACED = "all records, Docker 70 MB with blanks";

/** Measurements that a target names; a test checks them against the list of measurements. */
export const namedMeasures: readonly string[] = [
  LIST,
  DENSE,
  EIGHT,
  FORWARD,
  BACKWARD,
  COMPACT,
  SPACED,
];

/**
 * Compares a run with its targets, as a Markdown table that shows for each target whether it was met. A target without
 * figures is not met.
 */
export function bars(run: KeptRun): string {
  return markdownTable(
    ["", "target, at most", "measured", ""],
    barsOf(run).map(({ what, limit, value, unit, beyond = [] }) => {
      const blankUnit = unit === undefined ? "" : ` ${unit}`;
      const measured = Number.isNaN(value) ? "not measured" : `${number(value)}${blankUnit}`;
      return [
        markdownText(what),
        `${limit}${blankUnit}`,
        markdownText(beyond.length === 0 ? measured : `${measured}: ${beyond.join("; ")}`),
        value <= limit ? "met" : "**missed**",
      ];
    }),
  );
}

function barsOf(run: KeptRun): Bar[] {
  const rows = rowsOf(run);
  const toBefore = (name: string) => ratio(run, "before", rows.filter((row) => row.name === name));
  const own = run.servers[0]!;
  const memory = (name: string) => median(rows.find((row) => row.name === name)?.values(own) ?? []);
  const improved = [LIST, DENSE, EIGHT];
  const others = rows.filter(({ name, unit }) => !improved.includes(name) && unit !== "MB");
  return [
    { what: `${LIST}, compared with before`, limit: 0.75, value: toBefore(LIST).value },
    {
      what: `${DENSE}, compared with before`,
      limit: 0.7,
      value: toBefore(DENSE).value,
    },
    { what: `${EIGHT}, compared with before`, limit: 0.8, value: toBefore(EIGHT).value },
    {
      what: "worst other row except memory, compared with before",
      limit: 1.03,
      ...ratio(run, "before", others, 1.03),
    },
    {
      what: "backward grep, compared with forward",
      limit: 1.1,
      value: pairedRatio(valuesOf(own, BACKWARD), valuesOf(own, FORWARD)),
    },
    {
      // For the same records: 0.8 of the compact form's records per second.
      what: "Docker with blanks, time compared with the compact form",
      limit: 1.25,
      value: pairedRatio(valuesOf(own, COMPACT), valuesOf(own, SPACED)),
    },
    { what: "memory idle", limit: 70, value: memory(IDLE), unit: "MB" },
    { what: PEAK, limit: 200, value: memory(PEAK), unit: "MB" },
    {
      what: "worst row except memory, compared with the Rust agent",
      limit: 1,
      ...ratio(run, "Rust agent", rows.filter(({ unit }) => unit !== "MB"), 1),
    },
    { what: "worst search, compared with ripgrep", limit: 1.2, ...toRipgrep(run, rows, 1.2) },
  ];
}

/** Rows compared with another server: the worst, and the rows beyond the limit. */
function ratio(run: KeptRun, server: string, rows: readonly Row[], limit = Infinity): Measured {
  const other = run.servers.find(({ name }) => name === server);
  if (other === undefined) return { value: NaN };
  return worst(
    limit,
    rows.map((row) => ({
      value: costRatio(row, row.values(run.servers[0]!), row.values(other)),
      name: row.name,
    })),
  );
}

/** Searches only: rates have no ratio. */
function toRipgrep(run: KeptRun, rows: readonly Row[], limit: number): Measured {
  return worst(
    limit,
    rows.filter(({ unit }) => unit === "ms").map((row) => ({
      value: costRatio(row, row.values(run.servers[0]!), run.ripgrep[row.name] ?? []),
      name: row.name,
    })),
  );
}

function worst(
  limit: number,
  ratios: readonly { readonly value: number; readonly name: string }[],
): Measured {
  const known = ratios.filter(({ value }) => !Number.isNaN(value));
  if (known.length === 0) return { value: NaN };
  return {
    value: Math.max(...known.map(({ value }) => value)),
    beyond: known.filter(({ value }) => value > limit)
      .map(({ name, value }) => `${name} (${number(value)})`),
  };
}
