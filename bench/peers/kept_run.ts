import { readFileSync } from "node:fs";
import type { Figure } from "./measures.ts";

/** Everything that one run of the benchmark measured, as stored in bench/runs. */
export interface KeptRun {
  /** Where and how: date, processor, versions, commit. `turns` counts complete turns. */
  readonly machine: Readonly<Record<string, string | number | null>>;
  /** This tree's agent first. */
  readonly servers: readonly ServerRuns[];
  /** Milliseconds of ripgrep by the measure's name, in the order of the turns. */
  readonly ripgrep: Readonly<Record<string, readonly number[]>>;
}

/** The measurements of one server. */
export interface ServerRuns {
  readonly name: string;
  /** By the measurement's name, in the order of the turns: figures of the same turn are comparable. */
  readonly figures: Readonly<Record<string, readonly Figure[]>>;
  /** Why a measurement has no figures. */
  readonly failures: Readonly<Record<string, string>>;
  /** Resident memory in MB. */
  readonly memory: {
    /** Of processes started for this purpose, one per turn, after they had been idle for a while. */
    readonly idle: readonly number[];
    /** The peak during a measurement, over all turns. */
    readonly byMeasure: Readonly<Record<string, number>>;
  };
}

/** Reads a stored run. Throws if the file is not one. */
export function readRun(path: string | URL): KeptRun {
  const run = JSON.parse(readFileSync(path, "utf8")) as KeptRun;
  if (!isPeersRun(run)) throw new Error(`${path} is not a kept run of bench:peers`);
  return run;
}

/** Whether data from bench/runs is a run of bench:peers in its current format. */
export function isPeersRun(run: unknown): run is KeptRun {
  return Array.isArray((run as KeptRun).servers?.[0]?.memory.idle);
}

/** The values of a measurement, in the order of the turns; empty if there are none. */
export function valuesOf(server: ServerRuns, measure: string): number[] {
  return (server.figures[measure] ?? []).map(({ value }) => value);
}

/** The highest peak of memory in MB during any of the measurements; NaN if none ran. */
export function peakOf(server: ServerRuns, measures: readonly string[]): number {
  const peaks = measures.map((name) => server.memory.byMeasure[name]).filter((peak) => peak);
  return peaks.length === 0 ? NaN : Math.max(...peaks as number[]);
}

/** The median; NaN for an empty list. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * The median of the ratios a/b of each turn. If the machine's speed varies from turn to turn, the two medians are
 * distorted, but this value hardly is.
 */
export function pairedRatio(a: readonly number[], b: readonly number[]): number {
  const turns = Math.min(a.length, b.length);
  return median(Array.from({ length: turns }, (_, turn) => a[turn]! / b[turn]!));
}
