import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { serve } from "../agent/serve.ts";
import { type Config, defaults } from "../config/schema.ts";
import { client } from "./client.ts";
import { asksForHelp, helpText, parseCommand } from "./command.ts";
import { demoCommand } from "./demo/command.ts";
import { createAuthority, type KeyPair } from "./demo/certificates.ts";
import { layOutSamples, type NodeLogs } from "./demo/samples.ts";
import { runCommand } from "./run_command.ts";
import { exitCode, processTerminal, type Terminal } from "./terminal.ts";

/** A step of the tour. */
interface Step {
  readonly title: string;
  /** The client's arguments, without how to reach the agent. */
  readonly args: readonly string[];
  /** What its time holds besides the work itself. */
  readonly included: string;
}

const tour: readonly Step[] = [
  { title: "Which logs are there?", args: ["list"], included: "connecting" },
  {
    title: "The last 5 records, newest first",
    args: ["backward", "docker-demo/etcd-node-1/etcd", "--limit", "5"],
    included: "connecting",
  },
  {
    title: "How did the API server shut down?",
    args: [
      "forward",
      "kube-system/kube-apiserver-node-1/kube-apiserver",
      "--grep",
      "(?i)SHUTDOWN EVENT",
    ],
    included: "connecting and, for the first grep, starting its workers",
  },
  {
    title: "What did etcd say within this fifth of a millisecond?",
    args: [
      "forward",
      "kube-system/etcd-node-1/etcd",
      "--since",
      "2026-11-23T12:21:16.4597Z",
      "--until",
      "2026-11-23T12:21:16.4599Z",
    ],
    included: "connecting",
  },
];

/** `demo`: shows the agent at work. Resolves with the exit code (exitCode). */
export function demo(
  args: readonly string[],
  terminal: Terminal = processTerminal,
): Promise<number> {
  return runCommand(terminal, (signal) => runDemo(args, terminal, signal), () => false);
}

async function runDemo(
  args: readonly string[],
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  if (asksForHelp(args)) {
    terminal.out(helpText(demoCommand, terminal.columns ?? 80));
    return exitCode.done;
  }
  const { values } = parseCommand(demoCommand, args);

  const dir = realpathSync(mkdtempSync(join(tmpdir(), "agent-demo-")));
  try {
    const clientTls = join(dir, "client");
    const config = demoConfig(layOutSamples(dir), await makeCertificates(dir, clientTls));
    const agent = await serve(config);
    try {
      const reach = ["--addr", `localhost:${agent.port}`, "--tls", clientTls];
      terminal.out(
        `An agent serves real logs on 127.0.0.1:${agent.port}, over mutual TLS with certificates made just now.\n` +
          "What follows are the commands that you would type, and what they answer. Long lines are cut here.\n",
      );
      const code = await showTour(reach, terminal);
      if (code !== exitCode.done || !values.stay) return code;
      terminal.out(stayText(reach, config));
      await Promise.race([aborted(signal), agent.ended]);
      return exitCode.done;
    } finally {
      agent.stop();
      await agent.ended;
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

async function showTour(reach: readonly string[], terminal: Terminal): Promise<number> {
  const shown = shortLines(terminal);
  for (const { title, args, included } of tour) {
    const bold = terminal.colour
      ? (text: string) => `\x1b[1m${text}\x1b[0m`
      : (text: string) => text;
    terminal.out(`\n# ${title}\n${bold(`$ ${commandLine([...args, ...reach])}`)}\n`);
    const began = performance.now();
    const code = await client([...args, ...reach], shown);
    if (code !== exitCode.done) return code;
    terminal.out(`(${Math.round(performance.now() - began)} ms, ${included} included)\n`);
  }
  return exitCode.done;
}

/** Certificates for the agent in dir/server and for clients in clientTls, each as a Kubernetes TLS secret holds them. */
async function makeCertificates(dir: string, clientTls: string): Promise<string> {
  const authority = await createAuthority("Demo CA");
  const write = (folder: string, { cert, key }: KeyPair) => {
    mkdirSync(folder);
    writeFileSync(join(folder, "ca.crt"), authority.cert);
    writeFileSync(join(folder, "tls.crt"), cert);
    writeFileSync(join(folder, "tls.key"), key, { mode: 0o600 });
  };
  const serverTls = join(dir, "server");
  write(serverTls, await authority.server());
  write(clientTls, await authority.client("kubetail-cluster-api"));
  return serverTls;
}

function demoConfig(logs: NodeLogs, serverTls: string): Config {
  return {
    ...defaults,
    ...logs,
    addr: "127.0.0.1:0",
    tls: {
      ...defaults.tls,
      certFile: join(serverTls, "tls.crt"),
      keyFile: join(serverTls, "tls.key"),
      caFile: join(serverTls, "ca.crt"),
    },
    // There is no Kubernetes API to ask; only this machine reaches the port, and only with a certificate of ours.
    authorization: { ...defaults.authorization, methods: ["allow-all"] },
    telemetry: { ...defaults.telemetry, addr: "" },
    logging: { ...defaults.logging, enabled: false },
  };
}

function stayText(reach: readonly string[], config: Config): string {
  const command = (...args: string[]) => `  ${commandLine([...args, ...reach])}\n`;
  const link = readdirSync(config.containerLogsDir)
    .find((name) => name.startsWith("etcd-node-1_kube-system_etcd-")) ?? "";
  const log = join(config.containerLogsDir, link);
  return "\nThe agent stays until Ctrl-C. Try in another terminal:\n\n" +
    tour.map(({ args }) => command(...args)).join("") +
    command("watch") +
    command("forward", "kube-system/etcd-node-1/etcd", "--follow", "--follow-from", "end") +
    "\nand, while the last one runs, write to the log that it follows:\n\n" +
    `  echo "$(date -u +%Y-%m-%dT%H:%M:%SZ) stdout F hello" >> ${log}\n`;
}

/** The command as a person types it in the project's folder. */
function commandLine(args: readonly string[]): string {
  const quoted = args.map((arg) => /^[\w./:=@%+,-]+$/.test(arg) ? arg : `'${arg}'`);
  return `deno task client ${quoted.join(" ")}`;
}

/** The same terminal with lines of at most so many characters. */
function shortLines(terminal: Terminal, columns = 156): Terminal {
  const cut = (line: string) => line.length <= columns ? line : `${line.slice(0, columns - 1)}…`;
  return {
    colour: false,
    interactive: terminal.interactive,
    columns: terminal.columns,
    out: (text) => terminal.out(text.split("\n").map(cut).join("\n")),
    err: (text) => terminal.out(text),
    onInterrupt: (handler) => terminal.onInterrupt(handler),
    now: () => terminal.now(),
  };
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
}
