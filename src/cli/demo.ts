import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type RunningAgent, serve } from "../agent/serve.ts";
import { type Config, defaults } from "../config/schema.ts";
import type { AgentEvent } from "../telemetry/events.ts";
import { client } from "./client.ts";
import { asksForHelp, helpText, parseCommand, wrap } from "./command.ts";
import { createAuthority, type KeyPair } from "./demo/certificates.ts";
import { demoCommand } from "./demo/demo_command.ts";
import { cutLine } from "./cut.ts";
import { commandLines, invocation } from "./demo/command_line.ts";
import { DemoFolder } from "./demo/folder.ts";
import { LiveLog } from "./demo/live_log.ts";
import { layOutSamples, type NodeLogs } from "./demo/samples.ts";
import { type Step, tour } from "./demo/tour.ts";
import { type CommandContext, runCommand } from "./run_command.ts";
import { exitCode, processTerminal, type Terminal } from "./terminal.ts";

/** While --stay: how often the live log gets a line, and after how many it is rotated. */
const LINE_MS = 1000;
const LINES_OF_FILE = 20;

/** `demo`: shows the agent at work. Resolves with the exit code (exitCode). */
export function demo(
  args: readonly string[],
  terminal: Terminal = processTerminal,
): Promise<number> {
  return runCommand(
    terminal,
    (_signal, context) => runDemo(args, terminal, context),
    () => false,
  );
}

async function runDemo(
  args: readonly string[],
  terminal: Terminal,
  context: CommandContext,
): Promise<number> {
  if (asksForHelp(args)) {
    terminal.out(helpText(demoCommand, terminal.columns ?? 80));
    return exitCode.done;
  }
  const { values } = parseCommand(demoCommand, args);
  using folder = new DemoFolder();
  const stopGuarding = context.onForcedEnd(() => folder[Symbol.dispose]());
  try {
    return await new Demo(terminal, folder.path, context.signal).run(values.stay ?? false);
  } finally {
    stopGuarding();
  }
}

class Demo {
  readonly #terminal: Terminal;
  readonly #dir: string;
  readonly #signal: AbortSignal;
  readonly #width: number;
  readonly #program = invocation();

  constructor(terminal: Terminal, dir: string, signal: AbortSignal) {
    this.#terminal = terminal;
    this.#dir = dir;
    this.#signal = signal;
    this.#width = Math.min(terminal.columns ?? 100, 120);
  }

  async run(stays: boolean): Promise<number> {
    const clientTls = join(this.#dir, "client");
    const logs = layOutSamples(this.#dir);
    const live = new LiveLog(logs, this.#dir);
    const serverTls = await this.#makeCertificates(clientTls);
    if (this.#signal.aborted) return exitCode.interrupted;
    const followed = Promise.withResolvers<void>();
    const agent = await serve(demoConfig(logs, serverTls), {
      reviewer: { review: (identity, namespace) => Promise.resolve(mayRead(identity, namespace)) },
      report: (event: AgentEvent) => {
        if (event.type === "followers" && event.change === 1) followed.resolve();
      },
    });
    try {
      const code = await this.#tour(agent, clientTls, live, followed.promise);
      if (code !== exitCode.done || !stays) return code;
      await this.#stay(agent, live);
      return exitCode.done;
    } finally {
      agent.stop();
      await agent.ended;
    }
  }

  async #tour(
    agent: RunningAgent,
    clientTls: string,
    live: LiveLog,
    followed: Promise<void>,
  ): Promise<number> {
    this.#say(
      "An agent serves sample logs of real containers over mutual TLS. Its port, its certificates and its users were " +
        "made just now: admin may read everything, dev only namespace shop. These are commands that you could type:",
    );
    const reach: readonly (readonly [string, string])[] = [
      ["KUBETAIL_AGENT_ADDR", `localhost:${agent.port}`],
      ["KUBETAIL_AGENT_TLS", clientTls],
      ["KUBETAIL_AGENT_USER", "admin"],
    ];
    this.#terminal.out(
      `\n${reach.map(([name, value]) => this.#bold(`$ export ${name}=${value}`)).join("\n")}\n`,
    );
    for (const step of tour) {
      if (this.#signal.aborted) return exitCode.interrupted;
      const code = await this.#show(step, agent, clientTls, live, followed);
      if (code !== step.code) return code;
    }
    this.#say(
      "",
      `That was the tour. To leave the agent running for commands of your own: ${this.#program} demo --stay`,
    );
    return exitCode.done;
  }

  /** Shows one command and what it answers. */
  async #show(
    { title, args, takes, isLive }: Step,
    agent: RunningAgent,
    clientTls: string,
    live: LiveLog,
    followed: Promise<void>,
  ): Promise<number> {
    const command = [...this.#program.split(" "), "client", ...args];
    this.#terminal.out(`\n# ${title}\n${this.#bold(commandLines(command, this.#width))}\n`);
    const reach = ["--addr", `localhost:${agent.port}`, "--tls", clientTls];
    const user = args.includes("--user") ? [] : ["--user", "admin"];
    const began = performance.now();
    const running = client([...args, ...reach, ...user], this.#cutting());
    if (isLive) {
      await Promise.race([followed, running]);
      await this.#writeThroughRotation(live, running);
    }
    const code = await running;
    if (takes !== null) {
      this.#terminal.out(`(${Math.round(performance.now() - began)} ms, with ${takes})\n`);
    }
    return code;
  }

  /** Three lines before a rotation and three after it, as a container writes them. */
  async #writeThroughRotation(live: LiveLog, running: Promise<number>): Promise<void> {
    for (let line = 1; line <= 6; line++) {
      live.write();
      await Promise.race([after(300, this.#signal), running]);
      if (this.#signal.aborted) return;
      if (line === 3) this.#terminal.out(`  (the log is rotated: 0.log is now ${live.rotate()})\n`);
    }
  }

  async #stay(agent: RunningAgent, live: LiveLog): Promise<void> {
    this.#say(
      "",
      `The agent stays until Ctrl-C, and shop/web-0 writes a line each second. Status page: http://localhost:${agent.telemetryPort}/`,
      "Export the variables above in another terminal and try:",
    );
    const tries = [
      ...tour.map(({ args }) => args),
      ["forward", "shop/web-", "--follow"],
      ["watch"],
    ];
    const program = [...this.#program.split(" "), "client"];
    this.#terminal.out(
      `\n${
        tries.map((args) => `${commandLines([...program, ...args], this.#width, "  ")}\n`).join("")
      }\n`,
    );
    let count = 0;
    const writer = setInterval(() => {
      live.write();
      if (++count % LINES_OF_FILE === 0) live.rotate();
    }, LINE_MS);
    try {
      await Promise.race([aborted(this.#signal), agent.ended]);
    } finally {
      clearInterval(writer);
    }
  }

  /** Certificates for the agent, and for clients in clientTls, each folder as a Kubernetes TLS secret. */
  async #makeCertificates(clientTls: string): Promise<string> {
    const authority = await createAuthority("Demo CA");
    const write = (folder: string, { cert, key }: KeyPair) => {
      mkdirSync(folder, { mode: 0o700 });
      writeFileSync(join(folder, "ca.crt"), authority.cert);
      writeFileSync(join(folder, "tls.crt"), cert);
      writeFileSync(join(folder, "tls.key"), key, { mode: 0o600 });
    };
    const serverTls = join(this.#dir, "server");
    const [server, caller] = await Promise.all([
      authority.server(),
      authority.client("kubetail-cluster-api"),
    ]);
    write(serverTls, server);
    write(clientTls, caller);
    return serverTls;
  }

  /** Paragraphs at the terminal's width. */
  #say(...paragraphs: readonly string[]): void {
    for (const text of paragraphs) {
      this.#terminal.out(`${wrap(text, Math.min(this.#width, 100)).join("\n")}\n`);
    }
  }

  #bold(text: string): string {
    return this.#terminal.color ? `\x1b[1m${text}\x1b[0m` : text;
  }

  /** The terminal for the client: log lines are cut at its width, so that each stays one line. */
  #cutting(): Terminal {
    const terminal = this.#terminal;
    const width = this.#width;
    return {
      color: terminal.color,
      interactive: terminal.interactive,
      columns: width,
      out: (text) => terminal.out(text.split("\n").map((line) => cutLine(line, width)).join("\n")),
      err: (text) => terminal.out(text.split("\n").flatMap((line) => wrap(line, width)).join("\n")),
      onInterrupt: (handler) => terminal.onInterrupt(handler),
      exit: (code) => terminal.exit(code),
      now: () => terminal.now(),
    };
  }
}

/** Who may read what in the demo. There is no Kubernetes API server to ask. */
function mayRead(identity: { readonly kind: string }, namespace: string): boolean {
  const user = "user" in identity ? identity.user : "";
  return user === "admin" || user === "dev" && namespace === "shop";
}

function demoConfig(logs: NodeLogs, serverTls: string): Config {
  return {
    ...defaults,
    ...logs,
    addr: "127.0.0.1:0",
    shutdownTimeoutMs: 1000,
    tls: {
      ...defaults.tls,
      certFile: join(serverTls, "tls.crt"),
      keyFile: join(serverTls, "tls.key"),
      caFile: join(serverTls, "ca.crt"),
    },
    authorization: { ...defaults.authorization, methods: ["front-proxy"] },
    telemetry: { ...defaults.telemetry, addr: "127.0.0.1:0" },
    logging: { ...defaults.logging, enabled: false },
  };
}

/** Resolves after the time, or when the signal fires. */
function after(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, milliseconds);
    signal.addEventListener("abort", end);
    if (signal.aborted) end();
  });
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
}
