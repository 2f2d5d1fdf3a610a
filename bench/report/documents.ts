import { readFileSync } from "node:fs";
import { isPeersRun, type KeptRun, readRun } from "../peers/kept_run.ts";
import { IDLE, measuresOf, number, PEAK, table } from "../peers/report_table.ts";
import { isMemoryRun, type MemoryRun, readMemoryRun } from "../memory/kept_run.ts";
import { bars } from "./bars.ts";
import { memoryTables } from "./memory_tables.ts";
import { plot } from "./plot.ts";

const project = new URL("../../", import.meta.url);

/** Documents with figures, relative to the project's folder. */
export const documents: readonly string[] = ["README.md", "docs/performance.md"];
/** The plot, which shows the first run of bench:peers that docs/performance.md names. */
export const PLOT_FILE = "docs/images/performance.svg";

/**
 * `<!-- figures: KIND RUN -->` … `<!-- /figures -->`: the content in between is generated from the stored run, so that
 * every figure names its source. RUN is relative to the project's folder.
 */
const BLOCK = /(<!-- figures: )(\w+)( )(\S+)( -->\n)[\s\S]*?(<!-- \/figures -->)/g;

/** The rows that the README shows of a run. */
export const summaryRows: readonly string[] = [
  "all records, CRI 256 MiB",
  "all records, Docker 70 MB",
  "grep (?i) literal, 40 hits",
  "grep (error|timeout) .*reset, 282 k hits",
  "backward grep, 20 hits",
  "last 500 records",
  "8 greps at once",
  "List of 1,000 files",
  IDLE,
  PEAK,
];

/** The task whose stored runs provide a kind of figures. */
type Task = "bench:peers" | "bench:memory";

interface Kind {
  readonly from: Task;
  /** @param path of the run, relative to the project's folder */
  readonly make: (path: string) => string;
}

const kinds: Readonly<Record<string, Kind>> = {
  all: ofPeers((run) => table(run)),
  bars: ofPeers(bars),
  ...Object.fromEntries(
    Object.entries(memoryTables).map(([kind, make]) => [kind, ofMemory(kind, make)]),
  ),
  summary: ofPeers((run) =>
    table(run, { names: summaryRows, servers: ["Rust agent"], withRange: false })
  ),
};

/** The document with every block of figures regenerated. Throws if a block names an unknown kind or run. */
export function withFigures(document: string): string {
  return document.replace(BLOCK, (_, open, name, blank, path, end, close) => {
    return `${open}${name}${blank}${path}${end}\n${kindOf(name).make(path)}\n\n${close}`;
  });
}

/** The document with runs of the same task replaced by another run; the figures stay unchanged. */
export function withRun(document: string, path: string): string {
  const task = taskOf(path);
  return document.replace(
    BLOCK,
    (block, open, name, blank, old) =>
      kindOf(name).from !== task
        ? block
        : `${open}${name}${blank}${path}${block.slice([open, name, blank, old].join("").length)}`,
  );
}

/** The plot of the first run of bench:peers that the document names; null if it names none. */
export function plotFor(document: string): string | null {
  for (const [, , name = "", , path = ""] of document.matchAll(BLOCK)) {
    if (kindOf(name).from === "bench:peers") return plot(readRun(new URL(path, project)));
  }
  return null;
}

/**
 * Figures as the documents must contain them, by file.
 *
 * @param newRun replaces the runs of its task
 */
export function generated(read: (file: string) => string, newRun?: string): Map<string, string> {
  const files = new Map<string, string>();
  for (const file of documents) {
    const document = read(file);
    files.set(file, withFigures(newRun === undefined ? document : withRun(document, newRun)));
  }
  const picture = plotFor(files.get("docs/performance.md")!);
  if (picture !== null) files.set(PLOT_FILE, picture);
  return files;
}

function kindOf(name: string): Kind {
  const kind = Object.hasOwn(kinds, name) ? kinds[name] : undefined;
  if (kind === undefined) throw new Error(`Cannot make figures of kind "${name}": unknown`);
  return kind;
}

/** The task of a stored run. Throws if the file is not one. */
function taskOf(path: string): Task {
  const run: unknown = JSON.parse(readFileSync(new URL(path, project), "utf8"));
  if (isPeersRun(run)) return "bench:peers";
  if (isMemoryRun(run)) return "bench:memory";
  throw new Error(`${path} is not a kept run of a task whose figures stand in the documents`);
}

function ofMemory(kind: string, make: (run: MemoryRun) => string): Kind {
  return {
    from: "bench:memory",
    make(path) {
      const run = readMemoryRun(new URL(path, project));
      const { cpu, kernel, deno, commit, before, date, turns } = run.machine;
      const source = [
        cpu,
        `Linux ${kernel}`,
        `Deno ${deno}`,
        `commit ${commit}${before === undefined ? "" : ` (before: ${before})`}`,
        String(date).slice(0, 10),
        kind === "idle" && turns !== 1 ? `medians of ${turns} interleaved turns` : "one start",
        `run \`${path}\``,
      ].join("; ");
      return `${make(run)}\n\n${source}.`;
    },
  };
}

function ofPeers(make: (run: KeptRun) => string): Kind {
  return {
    from: "bench:peers",
    make(path) {
      const run = readRun(new URL(path, project));
      return `${make(run)}\n\n${provenance(run, path)}`;
    },
  };
}

function provenance(run: KeptRun, path: string): string {
  const { cpu, memoryGB, deno, ripgrep, commit, before, date } = run.machine;
  const counts = measuresOf(run).map(({ name }) => run.servers[0]!.figures[name]!.length);
  const [fewest, most] = [Math.min(...counts), Math.max(...counts)];
  return [
    cpu,
    ...typeof memoryGB === "number" ? [`${number(memoryGB)} GB`] : [],
    `Deno ${deno}`,
    ripgrep ?? "without ripgrep",
    `commit ${commit}${before === undefined ? "" : ` (before: ${before})`}`,
    String(date).slice(0, 10),
    most === 1
      ? "one turn"
      : `medians of ${fewest === most ? most : `${fewest} to ${most}`} interleaved turns`,
    `run \`${path}\``,
  ].join("; ") + ".";
}
