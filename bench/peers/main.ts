/**
 * The whole agent as its users see it: a server process with mutual TLS and a client process, in turns with
 * ripgrep on the same files and, where named, with other servers of the same logs.
 */
import { cpus, release, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { interleave } from "./interleave.ts";
import type { KeptRun } from "./kept_run.ts";
import { benchLogs } from "./logs.ts";
import { measures } from "./measures.ts";
import { details, table } from "./report_table.ts";
import { ripgrepVersion } from "./ripgrep.ts";
import { runningServer, startAgent, startRustAgent } from "./server.ts";
import { clientName } from "./client_process.ts";

const help = `Usage: deno task bench:peers [OPTIONS]

Measures the agent of this checkout, in turns with ripgrep and with the servers named here.

  --turns N             turns that count (default 7); one more comes first
  --only TEXT           only measures with TEXT in their name
  --before CHECKOUT     an agent of another checkout, to compare with
  --rust EXECUTABLE     Kubetail's Rust agent, built from its own sources
  --peer HOST:PORT      a server that is already running and serves the same logs,
    --peer-tls FOLDER   with ca.crt, tls.crt and tls.key for the client
    --peer-pid PID      and its process, for memory and CPU
  --entry FILE          runs FILE (a bundle) in place of the sources
  --v8-flags FLAGS      in place of those of the binary
  --logs FOLDER         where the logs are made once and kept (default: a temporary folder)
  --no-save             does not keep the run in bench/runs
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
    entry: { type: "string" },
    "v8-flags": { type: "string" },
    // Not deep: every stat call looks at each folder of a path, as on a node with /var/log/pods.
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
    commit: describe(checkout),
    ...(options.before === undefined ? {} : { before: describe(options.before) }),
    ...(options["v8-flags"] === undefined ? {} : { v8Flags: options["v8-flags"] }),
    turns,
  };
  console.log(machine);
  if (ripgrep === null) {
    console.log("ripgrep is missing (apt-get install ripgrep, or cargo install ripgrep)");
  }
  const folder = Deno.makeTempDirSync({ prefix: "bench-peers-" });
  const folderOf = (name: string) => {
    Deno.mkdirSync(join(folder, name));
    return join(folder, name);
  };
  try {
    await using stack = new AsyncDisposableStack();
    const { entry, "v8-flags": v8Flags } = options;
    const servers = [
      stack.use(
        await startAgent(logs, folderOf("agent"), { name: "agent", checkout, entry, v8Flags }),
      ),
    ];
    if (options.before !== undefined) {
      const before = { name: "before", checkout: options.before };
      servers.push(stack.use(await startAgent(logs, folderOf("before"), before)));
    }
    if (options.rust !== undefined) {
      servers.push(stack.use(await startRustAgent(logs, folderOf("rust"), options.rust)));
    }
    if (options.peer !== undefined) {
      const pid = options["peer-pid"] === undefined ? undefined : Number(options["peer-pid"]);
      servers.push(stack.use(runningServer(options.peer, options["peer-tls"], pid)));
    }
    const measured = await interleave({
      servers,
      measures: measures.filter(({ name }) => name.includes(options.only)),
      turns,
      logs,
      withRipgrep: ripgrep !== null,
    });
    const run = { machine, ...measured };
    console.log(`${table(run)}\n\n${details(run)}`);
    if (options.save) save(run);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

function save(run: KeptRun): void {
  const date = String(run.machine.date);
  const folder = `bench/runs/${date.slice(0, 10)}`;
  const to = new URL(`../../${folder}/`, import.meta.url).pathname;
  Deno.mkdirSync(to, { recursive: true });
  const name = `peers-${date.slice(11, 19).replaceAll(":", "")}`;
  Deno.writeTextFileSync(join(to, `${name}.json`), `${JSON.stringify(run, null, 1)}\n`);
  console.log(`Kept in ${folder}/${name}.json. To show it in the documents: deno task gen:bench`);
}

function describe(checkout: string): string {
  const { stdout } = new Deno.Command("git", {
    args: ["describe", "--always", "--dirty"],
    cwd: checkout,
  }).outputSync();
  return new TextDecoder().decode(stdout).trim();
}
