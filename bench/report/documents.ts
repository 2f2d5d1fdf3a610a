import { existsSync } from "node:fs";
import { type KeptRun, readRun } from "../peers/kept_run.ts";
import { measures } from "../peers/measures.ts";
import { number, table } from "../peers/report_table.ts";
import { plot } from "./plot.ts";

const project = new URL("../../", import.meta.url);

/** Documents with figures, relative to the project's folder. */
export const documents: readonly string[] = ["README.md", "docs/performance.md"];
/** The plot, which shows the run that docs/performance.md names first. */
export const PLOT_FILE = "docs/images/performance.svg";

/**
 * `<!-- figures: KIND RUN -->` … `<!-- /figures -->`: what is between is generated from the kept run, so that every
 * figure names where it comes from. RUN is relative to the project's folder.
 */
const BLOCK = /(<!-- figures: (\w+) (\S+) -->\n)[\s\S]*?(<!-- \/figures -->)/g;

/** What the README shows of a run. */
const SUMMARY = [
  "all records, CRI 256 MiB",
  "all records, Docker 64 MiB",
  "grep (?i) literal, 40 hits",
  "grep (error|timeout) .*reset, 282 k hits",
  "last 500 records",
  "8 greps at once",
  "List of 1,000 files",
];

const kinds: Readonly<Record<string, (run: KeptRun, path: string) => string>> = {
  all: (run, path) => `${table(run)}\n\n${provenance(run, path)}`,
  summary: (run, path) => `${table(only(run, SUMMARY))}\n\n${provenance(run, path)}`,
};

/** The document with every block of figures generated anew. Throws where a block names an unknown kind or run. */
export function withFigures(document: string): string {
  return document.replace(BLOCK, (_, head: string, kind: string, path: string, tail: string) => {
    const make = kinds[kind];
    if (make === undefined) throw new Error(`Cannot make figures of kind "${kind}": unknown`);
    return `${head}\n${make(readRun(new URL(path, project)), path)}\n\n${tail}`;
  });
}

/** The plot of the first run that the document names; null where it names none. */
export function plotFor(document: string): string | null {
  const path = document.matchAll(BLOCK).next().value?.[3];
  return path === undefined ? null : plot(readRun(new URL(path, project)));
}

/** Figures as the documents must have them, by file. */
export function generated(read: (file: string) => string): Map<string, string> {
  const files = new Map<string, string>();
  for (const file of documents) {
    if (!existsSync(new URL(file, project))) continue;
    files.set(file, withFigures(read(file)));
  }
  const picture = plotFor(read("docs/performance.md"));
  if (picture !== null) files.set(PLOT_FILE, picture);
  return files;
}

function only(run: KeptRun, names: readonly string[]): KeptRun {
  const known = new Set(measures.map(({ name }) => name));
  for (const name of names) if (!known.has(name)) throw new Error(`No measure is named "${name}"`);
  const pick = <T>(record: Readonly<Record<string, T>>) =>
    Object.fromEntries(Object.entries(record).filter(([name]) => names.includes(name)));
  return {
    ...run,
    servers: run.servers.map((server) => ({ ...server, figures: pick(server.figures) })),
    ripgrep: pick(run.ripgrep),
  };
}

function provenance(run: KeptRun, path: string): string {
  const { cpu, memoryGB, deno, ripgrep, commit, turns, date } = run.machine;
  const memory = typeof memoryGB === "number" ? `${number(memoryGB)} GB` : "";
  return `${cpu}, ${memory}, Deno ${deno}, ${ripgrep ?? "without ripgrep"}; commit ${commit}, ` +
    `${String(date).slice(0, 10)}; medians of ${turns} interleaved turns. Run: \`${path}\`.`;
}
