import { readFileSync } from "node:fs";
import type { Composition } from "./composition.ts";
import type { Added } from "./load.ts";
import type { Sample } from "./subject.ts";

/** Everything that one run of bench:memory measured, as stored in bench/runs. */
export interface MemoryRun {
  readonly machine: Readonly<Record<string, string | number>>;
  /** By subject, in the order of the turns. */
  readonly idle: Readonly<Record<string, readonly Sample[]>>;
  readonly composition: Composition;
  /** What work adds; not measured in every run. */
  readonly added?: Added;
}

/** Whether data from bench/runs is a run of bench:memory in its current format. */
export function isMemoryRun(run: unknown): run is MemoryRun {
  return (run as MemoryRun).composition?.heap?.bytes !== undefined;
}

/** Reads a stored run. Throws if the file is not one. */
export function readMemoryRun(path: string | URL): MemoryRun {
  const run: unknown = JSON.parse(readFileSync(path, "utf8"));
  if (!isMemoryRun(run)) throw new Error(`${path} is not a kept run of bench:memory`);
  return run;
}
