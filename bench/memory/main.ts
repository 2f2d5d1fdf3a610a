/**
 * The memory of an idle agent, and what followers and slow readers add to it; from the sources, from the bundle
 * that is released and, where named, beside Kubetail's Rust agent, each in turn.
 *
 *     deno task bench:memory [--turns 7] [--rust EXECUTABLE] [--no-save]
 *
 * Figures are medians, in MB of a million bytes; the run is kept in bench/runs.
 */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { cpus, release, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { bundle } from "../../hack/bundle.ts";
import { agent } from "../../hack/permissions.ts";
import { answerHelp } from "../../hack/usage.ts";
import { median } from "../peers/kept_run.ts";
import { load } from "./load.ts";
import { measure, type Sample, type Subject } from "./subject.ts";

answerHelp(import.meta.url);
const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    turns: { type: "string", default: "7" },
    rust: { type: "string" },
    save: { type: "boolean", default: true },
  },
  allowNegative: true,
});
const project = new URL("../../", import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), "bench-memory-"));
try {
  const bundled = await bundle(agent, join(folder, "bundle"));
  const subjects: Subject[] = [
    { name: "sources", modules: "src", entry: agent.entry, cwd: project },
    { name: "bundle", modules: bundled.folder, entry: bundled.entry, cwd: bundled.folder },
    ...options.rust === undefined ? [] : [{ name: "Rust agent", executable: options.rust }],
  ];
  const samples: Record<string, Sample[]> = {};
  // One turn more than counts: the first fills the page cache and Deno's own.
  for (let turn = 0; turn <= Number(options.turns); turn++) {
    for (const subject of subjects) {
      const sample = await measure(subject, folder);
      if (turn > 0) (samples[subject.name] ??= []).push(sample);
    }
  }
  const added = await load(subjects[1]!, folder);
  const date = new Date().toISOString();
  const run = {
    machine: {
      date,
      cpu: `${cpus().length} x ${cpus()[0]!.model}`,
      kernel: release(),
      deno: Deno.version.deno,
      turns: Number(options.turns),
    },
    idle: samples,
    added,
  };
  console.log(
    "| idle | resident MB | anonymous MB | start ms | start CPU ms |\n| --- | --- | --- | --- | --- |",
  );
  for (const [name, all] of Object.entries(samples)) {
    const middle = (key: keyof Sample) => Math.round(median(all.map((one) => one[key])) * 10) / 10;
    console.log(
      `| ${name} | ${middle("residentMB")} | ${middle("anonymousMB")} | ${middle("startMs")} | ${
        middle("startCpuMs")
      } |`,
    );
  }
  console.log(added);
  if (options.save) {
    const runs = join(project, "bench/runs", date.slice(0, 10));
    mkdirSync(runs, { recursive: true });
    const file = join(runs, `memory-${date.slice(11, 19).replaceAll(":", "")}.json`);
    writeFileSync(file, JSON.stringify(run, null, 2) + "\n");
    console.log(file);
  }
} finally {
  rmSync(folder, { recursive: true });
}
