/**
 * Measures the whole agent as its users see it: a server process with mutual TLS and a client process, in turns with
 * ripgrep on the same files and, if given, with other servers of the same logs.
 */
import { cpus, release, tmpdir, totalmem } from "node:os";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { interleave } from "./interleave.ts";
import type { KeptRun } from "./kept_run.ts";
import { benchLogs } from "./logs.ts";
import { measures } from "./measures.ts";
import { details, table } from "./report_table.ts";
import { ripgrepVersion } from "./ripgrep.ts";
import { runningServer, startAgent, startRustAgent, type StartServer } from "./server.ts";
import { bundleOf, commitOf } from "./checkout.ts";
import { clientName } from "./client_process.ts";

const help = `Usage: deno task bench:peers [OPTIONS]

Measures the agent of this checkout in its released form, in turns with ripgrep and with the servers named here.

  --turns N             counted turns (default 7); an additional one comes first
  --only TEXT           only measurements with TEXT in their name
  --before CHECKOUT     an agent of another checkout, to compare with
  --rust EXECUTABLE     Kubetail's Rust agent, built from its own sources
  --peer HOST:PORT      a server that is already running and serves the same logs,
    --peer-tls FOLDER   with ca.crt, tls.crt and tls.key for the client
    --peer-pid PID      and its process, for memory and CPU
  --sources             runs the sources of both checkouts instead of their bundles
  --entry FILE          runs FILE instead of the bundle
  --v8-flags FLAGS      replaces the flags of the binary
  --logs FOLDER         where the logs are created once and kept (default: a temporary folder)
  --no-save             does not store the run in bench/runs

A run is kept after each turn, so that one that is cut off has those that were complete.
`;

const { values: options } = parseArgs({
  args: Deno.args,
  options: {
    turns: { type: "string", default: "7" },
    only: { type: "string", default: "" },
    before: { type: "string" },
    rust: { type: "string" },
    peer: { type: "string" },
    "peer-tls": { type: "string" },
    "peer-pid": { type: "string" },
    sources: { type: "boolean", default: false },
    entry: { type: "string" },
    "v8-flags": { type: "string" },
    // Not deep: every stat call examines each folder of a path, as on a node with /var/log/pods.
    logs: { type: "string", default: join(tmpdir(), "kubetail-agent-bench") },
    save: { type: "boolean", default: true },
    help: { type: "boolean", short: "h", default: false },
  },
  allowNegative: true,
});
if (options.help) console.log(help);
else await main();

async function main(): Promise<void> {
  const checkout = new URL("../../", import.meta.url).pathname;
  const logs = benchLogs(options.logs);
  const turns = Number(options.turns);
  const ripgrep = ripgrepVersion();
  const machine = {
    date: new Date().toISOString(),
    cpu: `${cpus().length} x ${cpus()[0]!.model}`,
    memoryGB: Math.round(totalmem() / 1e9),
    kernel: release(),
    deno: Deno.version.deno,
    v8: Deno.version.v8,
    ripgrep,
    client: clientName,
    commit: commitOf(checkout),
    ...(options.before === undefined ? {} : { before: commitOf(options.before) }),
    ...(options["v8-flags"] === undefined ? {} : { v8Flags: options["v8-flags"] }),
  };
  console.log({ ...machine, turns });
  if (ripgrep === null) {
    console.log("ripgrep is missing (apt-get install ripgrep, or cargo install ripgrep)");
  }
  const folder = Deno.makeTempDirSync({ prefix: "bench-peers-" });
  const newFolder = () => Deno.makeTempDirSync({ dir: folder });
  const stop = new AbortController();
  const onSignal = () => stop.abort(new Error("stopped by a signal"));
  for (const name of ["SIGINT", "SIGTERM"] as const) Deno.addSignalListener(name, onSignal);
  let run: KeptRun | undefined;
  try {
    const { entry, "v8-flags": v8Flags, before, rust, peer, only } = options;
    const agent = {
      name: "agent",
      checkout,
      entry: options.sources ? undefined : entry ?? bundleOf(checkout, newFolder()),
      v8Flags,
    };
    const starts: StartServer[] = [() => startAgent(logs, newFolder(), agent)];
    if (before !== undefined) {
      const bundled = options.sources ? undefined : bundleOf(before, newFolder());
      const other = { name: "before", checkout: before, entry: bundled };
      starts.push(() => startAgent(logs, newFolder(), other));
    }
    if (rust !== undefined) starts.push(() => startRustAgent(logs, newFolder(), rust));
    if (peer !== undefined) {
      const pid = options["peer-pid"] === undefined ? undefined : Number(options["peer-pid"]);
      const server = runningServer(peer, options["peer-tls"], pid);
      starts.push(() => Promise.resolve(server));
    }
    await interleave({
      starts,
      measures: measures.filter(({ name }) => name.includes(only)),
      turns,
      logs,
      withRipgrep: ripgrep !== null,
      withIdle: "memory idle".includes(only),
      signal: stop.signal,
      keep: (measured, complete) => {
        run = { machine: { ...machine, turns: complete }, ...measured };
        if (options.save) save(run);
      },
    });
  } finally {
    for (const name of ["SIGINT", "SIGTERM"] as const) Deno.removeSignalListener(name, onSignal);
    Deno.removeSync(folder, { recursive: true });
    if (run !== undefined) console.log(`${table(run)}\n\n${details(run)}`);
    if (run !== undefined && options.save) {
      console.log(`To show it in the documents: deno task gen:bench ${fileOf(run)}`);
    }
  }
}

/** Relative to the project's folder. */
function fileOf({ machine }: KeptRun): string {
  const date = String(machine.date);
  const time = date.slice(11, 19).replaceAll(":", "");
  return `bench/runs/${date.slice(0, 10)}/peers-${time}.json`;
}

/** Replaces the results of fewer turns: an interrupted run leaves those of its complete turns. */
function save(run: KeptRun): void {
  const to = join(new URL("../../", import.meta.url).pathname, fileOf(run));
  Deno.mkdirSync(dirname(to), { recursive: true });
  Deno.writeTextFileSync(`${to}.part`, `${JSON.stringify(run, null, 1)}\n`);
  Deno.renameSync(`${to}.part`, to);
}
