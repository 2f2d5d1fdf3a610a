/**
 * The whole agent, measured as its users see it: a server process with mutual TLS, a client process, ripgrep on the
 * same files and, where named, another server of the protocol that serves the same logs.
 *
 *     deno task bench:peers [--runs 5] [--only TEXT] [--logs FOLDER] [--no-save]
 *                           [--v8-flags FLAGS]                 in place of those of `deno task serve`
 *                           [--peer HOST:PORT [--peer-tls FOLDER] [--peer-pid PID]]
 */
import { cpus, release, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type BenchLogs, benchLogs } from "./logs.ts";
import { type Figure, type Measure, measures } from "./measures.ts";
import { ripgrep, ripgrepVersion } from "./ripgrep.ts";
import { Client, clientName, peer, ProcessUse, type Server, startAgent } from "./server.ts";
import { type ServerRuns, table } from "./table.ts";

const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    runs: { type: "string", default: "5" },
    only: { type: "string", default: "" },
    logs: { type: "string", default: defaultFolder() },
    "v8-flags": { type: "string" },
    save: { type: "boolean", default: true },
    peer: { type: "string" },
    "peer-tls": { type: "string" },
    "peer-pid": { type: "string" },
  },
  allowNegative: true,
});

const logs = benchLogs(options.logs);
const chosen = measures.filter(({ name }) => name.includes(options.only));
const runs = Number(options.runs);
const machine = {
  date: new Date().toISOString(),
  cpu: `${cpus().length} x ${cpus()[0]!.model}`,
  memoryGB: Math.round(totalmem() / 1e9),
  kernel: release(),
  deno: Deno.version.deno,
  v8: Deno.version.v8,
  ripgrep: ripgrepVersion(),
  client: clientName,
  commit: commit(),
  runs,
  ...(options["v8-flags"] === undefined ? {} : { v8Flags: options["v8-flags"] }),
};
console.log(machine);
if (machine.ripgrep === null) {
  console.log("ripgrep is missing (apt-get install ripgrep, or cargo install ripgrep)");
}

const servers: ServerRuns[] = [];
const folder = Deno.makeTempDirSync({ prefix: "bench-peers-" });
try {
  {
    await using agent = await startAgent(logs, folder, options["v8-flags"]);
    servers.push(await measureServer(agent));
  }
  if (options.peer !== undefined) {
    const pid = options["peer-pid"] === undefined ? undefined : Number(options["peer-pid"]);
    await using other = peer(options.peer, options["peer-tls"], pid);
    servers.push(await measureServer(other));
  }
} finally {
  Deno.removeSync(folder, { recursive: true });
}
const search = machine.ripgrep === null ? {} : await measureRipgrep(logs);
const report = table(chosen, servers, search);
console.log(report);
if (options.save) save();

async function measureServer(server: Server): Promise<ServerRuns> {
  const use = new ProcessUse(server.pid);
  await new Promise((resolve) => setTimeout(resolve, 1000)); // Settled after its start.
  const idle = use.memory().now;
  const figures: Record<string, Figure[]> = {};
  const byMeasure: Record<string, number> = {};
  await using client = new Client(server);
  const subject = { client, use, logs };
  for (const measure of chosen) {
    console.error(`${server.name}: ${measure.name}`);
    byMeasure[measure.name] = await peakDuring(use, async () => {
      figures[measure.name] = await repeat(measure, () => measure.run(subject));
    });
  }
  return { name: server.name, figures, memory: { idle, peak: use.memory().peak, byMeasure } };
}

/** One run more than asked for: the first fills the page cache and compiles. */
async function repeat<T>(measure: Measure, run: () => Promise<T>): Promise<T[]> {
  const results: T[] = [];
  const times = measure.unit === "ms" && (measure.bar ?? 1000) < 10 ? runs * 4 : runs;
  for (let turn = 0; turn <= times; turn++) results.push(await run());
  return results.slice(1);
}

/** The most memory that was seen at one time, looking every 5 ms. */
async function peakDuring(use: ProcessUse, work: () => Promise<void>): Promise<number> {
  let peak = 0;
  const timer = setInterval(() => peak = Math.max(peak, use.memory().now), 5);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return peak;
}

async function measureRipgrep(logs: BenchLogs): Promise<Record<string, number[]>> {
  const results: Record<string, number[]> = {};
  for (const measure of chosen) {
    if (measure.ripgrep === undefined) continue;
    const { pattern, path } = measure.ripgrep;
    results[measure.name] = await repeat(measure, () => ripgrep(pattern, path(logs)));
  }
  return results;
}

function save(): void {
  const day = machine.date.slice(0, 10);
  const to = join(new URL("../runs/", import.meta.url).pathname, day);
  Deno.mkdirSync(to, { recursive: true });
  const name = `peers-${machine.date.slice(11, 19).replaceAll(":", "")}`;
  const raw = { machine, servers, ripgrep: search };
  Deno.writeTextFileSync(join(to, `${name}.json`), `${JSON.stringify(raw, null, 1)}\n`);
  Deno.writeTextFileSync(join(to, `${name}.md`), `${machineText()}\n\n${report}\n`);
  console.log(`Kept in ${join(to, name)}.json and .md`);
}

function machineText(): string {
  return Object.entries(machine).map(([key, value]) => `${key}: ${value}`).join("\n");
}

function commit(): string {
  const run = (...args: string[]) =>
    new TextDecoder().decode(new Deno.Command("git", { args }).outputSync().stdout).trim();
  return run("describe", "--always", "--dirty");
}

/** Not deep: every stat call looks at each folder of a path, as on a node with /var/log/pods. */
function defaultFolder(): string {
  return join(tmpdir(), "kubetail-agent-bench");
}
