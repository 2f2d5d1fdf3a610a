import type { KeptRun, ServerRuns } from "../../../bench/peers/kept_run.ts";

/** A run of two turns with the given figures, by server. */
export function exampleRun(
  servers: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>,
  ripgrep: Readonly<Record<string, readonly number[]>> = {},
): KeptRun {
  return {
    machine: {
      date: "2026-11-26T12:00:00.000Z",
      cpu: "2 x Example",
      memoryGB: 8,
      deno: "2.9.6",
      commit: "abc1234",
      turns: 2,
    },
    servers: Object.entries(servers).map(([name, figures]) => serverRuns(name, figures)),
    ripgrep,
  };
}

function serverRuns(
  name: string,
  figures: Readonly<Record<string, readonly number[]>>,
): ServerRuns {
  const entries = Object.entries(figures);
  return {
    name,
    figures: Object.fromEntries(
      entries.map(([measure, values]) => [measure, values.map((value) => ({ value }))]),
    ),
    failures: {},
    memory: {
      idle: [60, 64],
      byMeasure: Object.fromEntries(entries.map(([measure], index) => [measure, 100 + index])),
    },
  };
}
