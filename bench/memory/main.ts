/**
 * Measures the memory of an idle agent, its composition, and what followers and slow readers add to it; for the
 * released bundle, for the sources and, if given, for another checkout's bundle and for Kubetail's Rust agent, in
 * turns.
 *
 *     deno task bench:memory [--turns 7] [--before CHECKOUT] [--rust EXECUTABLE] [--no-load] [--no-save]
 *
 * Figures are medians, in MB of a million bytes; the run is stored in bench/runs. --no-load: only measure idle memory.
 * The composition is that of another start: its smaps, and a heap snapshot through the inspector.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, release, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { agent } from "../../hack/permissions.ts";
import { answerHelp } from "../../hack/usage.ts";
import { bundleOf, commitOf } from "../peers/checkout.ts";
import { memoryTables } from "../report/memory_tables.ts";
import { composition } from "./composition.ts";
import type { MemoryRun } from "./kept_run.ts";
import { load } from "./load.ts";
import { measure, type Sample, type Subject } from "./subject.ts";

answerHelp(import.meta.url);
const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    turns: { type: "string", default: "7" },
    before: { type: "string" },
    rust: { type: "string" },
    load: { type: "boolean", default: true },
    save: { type: "boolean", default: true },
  },
  allowNegative: true,
});
const project = new URL("../../", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "bench-memory-"));
try {
  const bundle = await bundled("bundle", project);
  const subjects: Subject[] = [
    bundle,
    await sources("sources", project),
    ...options.before === undefined ? [] : [await bundled("before", options.before)],
    ...options.rust === undefined ? [] : [{ name: "Rust agent", executable: options.rust }],
  ];
  const samples: Record<string, Sample[]> = {};
  // One turn more than is counted: the first fills the page cache and Deno's own.
  for (let turn = 0; turn <= Number(options.turns); turn++) {
    for (const subject of subjects) {
      const sample = await measure(subject, folder);
      if (turn > 0) (samples[subject.name] ??= []).push(sample);
    }
    console.error(`turn ${turn} of ${options.turns}`);
  }
  const date = new Date().toISOString();
  const run: MemoryRun = {
    machine: {
      date,
      cpu: `${cpus().length} x ${cpus()[0]!.model}`,
      kernel: release(),
      deno: Deno.version.deno,
      commit: commitOf(project),
      ...options.before === undefined ? {} : { before: commitOf(options.before) },
      turns: Number(options.turns),
    },
    idle: samples,
    composition: await composition(bundle, folder),
    ...options.load ? { added: await load(bundle, folder) } : {},
  };
  console.log(Object.values(memoryTables).map((make) => make(run)).join("\n\n"));
  if (options.save) {
    const runs = join("bench/runs", date.slice(0, 10));
    mkdirSync(join(project, runs), { recursive: true });
    const file = join(runs, `memory-${date.slice(11, 19).replaceAll(":", "")}.json`);
    writeFileSync(join(project, file), JSON.stringify(run, null, 1) + "\n");
    console.log(`To show it in the documents: deno task gen:bench ${file}`);
  }
} finally {
  rmSync(folder, { recursive: true });
}

/**
 * A checkout's bundle, or its sources if it is from a time without bundles, with the permissions and flags of that
 * time.
 */
async function bundled(name: string, checkout: string): Promise<Subject> {
  const to = join(folder, name);
  mkdirSync(to);
  const entry = bundleOf(checkout, to);
  return entry === undefined ? await sources(name, checkout) : {
    name,
    entry,
    cwd: to,
    ...await flagsOf(checkout, to),
  };
}

async function sources(name: string, checkout: string): Promise<Subject> {
  return { name, entry: agent.entry, cwd: checkout, ...await flagsOf(checkout, "src") };
}

async function flagsOf(checkout: string, modules: string) {
  const permissions = pathToFileURL(join(resolve(checkout), "hack/permissions.ts")).href;
  const { agent, runFlags } = await import(permissions);
  return {
    flags: runFlags(agent, modules) as string[],
    environment: (agent.environment ?? {}) as Record<string, string>, // Older checkouts have none.
  };
}
