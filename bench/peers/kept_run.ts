import { readFileSync } from "node:fs";
import type { Figure } from "./measures.ts";

/** All that one run of the benchmark measured, as bench/runs keeps it. */
export interface KeptRun {
  /** Where and how: date, processor, versions, commit. `turns` are those that are complete. */
  readonly machine: Readonly<Record<string, string | number | null>>;
  /** This tree's agent first. */
  readonly servers: readonly ServerRuns[];
  /** Milliseconds of ripgrep by the measure's name, in the order of the turns. */
  readonly ripgrep: Readonly<Record<string, readonly number[]>>;
}

/** What was measured of one server. */
export interface ServerRuns {
  readonly name: string;
  /** By the measure's name, in the order of the turns: figures of the same turn are comparable. */
  readonly figures: Readonly<Record<string, readonly Figure[]>>;
  /** Why a measure has no figures. */
  readonly failures: Readonly<Record<string, string>>;
  /** Resident memory in MB. */
  readonly memory: {
    /** Of processes that were started for it, one in each turn, when they had been idle for a while. */
    readonly idle: readonly number[];
    /** The peak while a measure ran, of all turns. */
    readonly byMeasure: Readonly<Record<string, number>>;
  };
}

/** Reads a kept run. Throws where the file is none. */
export function readRun(path: string | URL): KeptRun {
  const run = JSON.parse(readFileSync(path, "utf8")) as KeptRun;
  if (!isPeersRun(run)) throw new Error(`${path} is not a kept run of bench:peers`);
  return run;
}

/** Whether what was read from bench/runs is a run of bench:peers in its present form. */
export function isPeersRun(run: unknown): run is KeptRun {
  return Array.isArray((run as KeptRun).servers?.[0]?.memory.idle);
}

/** The values of a measure, in the order of the turns; empty where there are none. */
export function valuesOf(server: ServerRuns, measure: string): number[] {
  return (server.figures[measure] ?? []).map(({ value }) => value);
}

/** The highest peak of memory in MB while any of the measures ran; NaN where none did. */
export function peakOf(server: ServerRuns, measures: readonly string[]): number {
  const peaks = measures.map((name) => server.memory.byMeasure[name]).filter((peak) => peak);
  return peaks.length === 0 ? NaN : Math.max(...peaks as number[]);
}

/** The middle value; NaN of nothing. */
export function median(values: readonly number[]): number {
  if (values.length === 0) return NaN;
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

/**
 * The median of the ratios a/b of each turn. A machine whose speed varies from turn to turn distorts the
 * two medians, but hardly this one.
 */
export function pairedRatio(a: readonly number[], b: readonly number[]): number {
  const turns = Math.min(a.length, b.length);
  return median(Array.from({ length: turns }, (_, turn) => a[turn]! / b[turn]!));
}
