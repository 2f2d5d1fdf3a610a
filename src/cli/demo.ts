import { DemoAgent } from "../demo/demo_agent.ts";
import { DemoFolder } from "../demo/folder.ts";
import type { LiveLog } from "../demo/live_log.ts";
import { client } from "./client.ts";
import { asksForHelp, helpText, parseCommand, wrap } from "./command.ts";
import { cutLine } from "./cut.ts";
import { commandLines, invocation } from "./demo/command_line.ts";
import { demoCommand } from "./demo/demo_command.ts";
import { type Step, tour } from "./demo/tour.ts";
import { type CommandContext, runCommand } from "./run_command.ts";
import { exitCode, processTerminal, type Terminal } from "./terminal.ts";

/** With --stay: how often the live log gets a line, and after how many lines it is rotated. */
const LINE_MS = 1000;
const LINES_OF_FILE = 20;

/** `demo`: runs an agent on sample logs. Resolves to the exit code (exitCode). */
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
    const agent = await DemoAgent.start(this.#dir, this.#signal);
    if (agent === null) return exitCode.interrupted;
    try {
      const code = await this.#tour(agent);
      if (code !== exitCode.done || !stays) return code;
      await this.#stay(agent);
      return exitCode.done;
    } finally {
      await agent.stop();
    }
  }

  async #tour(agent: DemoAgent): Promise<number> {
    this.#say(
      "An agent serves sample logs of real containers over mutual TLS. Its port, its certificates and its users were " +
        "created just now: admin may read everything, dev only the namespace shop. You could type these commands:",
    );
    const reach: readonly (readonly [string, string])[] = [
      ["KUBETAIL_AGENT_ADDR", `localhost:${agent.port}`],
      ["KUBETAIL_AGENT_TLS", agent.clientTls],
      ["KUBETAIL_AGENT_USER", "admin"],
    ];
    this.#terminal.out(
      `\n${reach.map(([name, value]) => this.#bold(`$ export ${name}=${value}`)).join("\n")}\n`,
    );
    for (const step of tour) {
      if (this.#signal.aborted) return exitCode.interrupted;
      const code = await this.#show(step, agent);
      if (code !== step.code) return code;
    }
    this.#say(
      "",
      `That was the tour. To keep the agent running for your own commands: ${this.#program} demo --stay`,
    );
    return exitCode.done;
  }

  /** Shows one command and its output. */
  async #show(
    { title, args, takes, isLive }: Step,
    agent: DemoAgent,
  ): Promise<number> {
    const command = [...this.#program.split(" "), "client", ...args];
    this.#terminal.out(`\n# ${title}\n${this.#bold(commandLines(command, this.#width))}\n`);
    const reach = ["--addr", `localhost:${agent.port}`, "--tls", agent.clientTls];
    const user = args.includes("--user") ? [] : ["--user", "admin"];
    const began = performance.now();
    const running = client([...args, ...reach, ...user], this.#cutting());
    if (isLive) {
      await Promise.race([agent.followed, running]);
      await this.#writeThroughRotation(agent.live, running);
    }
    const code = await running;
    if (takes !== null) {
      this.#terminal.out(`(${Math.round(performance.now() - began)} ms, with ${takes})\n`);
    }
    return code;
  }

  /** Writes three lines before a rotation and three after it, as a container would. */
  async #writeThroughRotation(live: LiveLog, running: Promise<number>): Promise<void> {
    for (let line = 1; line <= 6; line++) {
      live.write();
      await Promise.race([after(300, this.#signal), running]);
      if (this.#signal.aborted) return;
      if (line === 3) this.#terminal.out(`  (the log is rotated: 0.log is now ${live.rotate()})\n`);
    }
  }

  async #stay({ live, telemetryPort, ended }: DemoAgent): Promise<void> {
    this.#say(
      "",
      `The agent runs until Ctrl-C, and shop/web-0 writes a line each second. Status page: http://localhost:${telemetryPort}/`,
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
      await Promise.race([aborted(this.#signal), ended]);
    } finally {
      clearInterval(writer);
    }
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

  /** The terminal for the client: log lines are cut at its width, so that each stays on one line. */
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
