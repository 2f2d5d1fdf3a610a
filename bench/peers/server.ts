/** The servers that are measured: this project's agent as a child process, or one that runs already. */
import { Buffer } from "node:buffer";
import { readFileSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { agent, runFlags } from "../../hack/permissions.ts";
import { createAuthority } from "../../src/cli/demo/certificates.ts";
import type { BenchLogs } from "./logs.ts";

/** A server to be measured. */
export interface Server extends AsyncDisposable {
  readonly name: string;
  readonly address: string;
  /** PEM; "": without TLS. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** Null where it is not known, so that memory and CPU cannot be told. */
  readonly pid: number | null;
}

const project = new URL("../../", import.meta.url).pathname;

/** Starts the agent as its users do: with the permissions and flags of `deno task serve`, mutual TLS, in a process of its own. */
export async function startAgent(
  logs: BenchLogs,
  folder: string,
  v8Flags?: string,
): Promise<Server> {
  const port = await freePort();
  const authority = await createAuthority();
  const [server, client] = await Promise.all([
    authority.server(),
    authority.client("kubetail-cluster-api"),
  ]);
  const files = { "ca.crt": authority.cert, "tls.crt": server.cert, "tls.key": server.key };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  const config = {
    addr: `127.0.0.1:${port}`,
    "container-logs-dir": logs.containersDir,
    "log-roots": logs.roots,
    logging: { level: "warn", format: "text" },
    tls: {
      "cert-file": join(folder, "tls.crt"),
      "key-file": join(folder, "tls.key"),
      "ca-file": join(folder, "ca.crt"),
    },
    authorization: { methods: ["allow-all"] },
    telemetry: { addr: "" },
  };
  const configFile = join(folder, "config.json");
  writeFileSync(configFile, JSON.stringify(config));
  const flags = runFlags(agent).map((flag) => {
    if (flag.startsWith("--allow-read=")) return `${flag},${folder},${logs.roots.join(",")}`;
    if (flag.startsWith("--v8-flags=") && v8Flags !== undefined) return `--v8-flags=${v8Flags}`;
    return flag;
  });
  const child = new Deno.Command(Deno.execPath(), {
    args: ["run", "--quiet", ...flags, agent.entry, "serve", "-c", configFile],
    cwd: project,
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  let isRunning = true;
  child.status.then(() => isRunning = false);
  await listening(port, () => isRunning);
  return {
    name: "agent",
    address: `localhost:${port}`,
    ca: authority.cert,
    cert: client.cert,
    key: client.key,
    pid: child.pid,
    async [Symbol.asyncDispose]() {
      if (isRunning) child.kill("SIGTERM");
      await child.status;
    },
  };
}

/**
 * A server of the protocol that runs already and serves the same logs.
 *
 * @param tlsFolder holds ca.crt, tls.crt and tls.key for the client; without it there is no TLS
 */
export function peer(address: string, tlsFolder?: string, pid?: number): Server {
  const read = (name: string) =>
    tlsFolder === undefined ? "" : readFileSync(join(tlsFolder, name), "utf8");
  return {
    name: `peer ${address}`,
    address,
    ca: read("ca.crt"),
    cert: read("tls.crt"),
    key: read("tls.key"),
    pid: pid ?? null,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" ? address!.port : 0));
    });
  });
}

async function listening(port: number, isRunning: () => boolean): Promise<void> {
  while (isRunning()) {
    try {
      (await Deno.connect({ hostname: "127.0.0.1", port })).close();
      return;
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
  throw new Error("the agent has ended before it served");
}

/** What a process uses, from /proc. */
export class ProcessUse {
  readonly #pid: number | null;

  constructor(pid: number | null) {
    this.#pid = pid;
  }

  /** Resident memory in MB: now, and at its peak since the process began. */
  memory(): { now: number; peak: number } {
    if (this.#pid === null) return { now: NaN, peak: NaN };
    const status = Deno.readTextFileSync(`/proc/${this.#pid}/status`);
    const kilobytes = (field: string) =>
      Number(new RegExp(`${field}:\\s+(\\d+) kB`).exec(status)?.[1] ?? NaN);
    return { now: kilobytes("VmRSS") / 1000, peak: kilobytes("VmHWM") / 1000 };
  }

  /** CPU seconds of all its threads so far. */
  cpuSeconds(): number {
    if (this.#pid === null) return NaN;
    const stat = Deno.readTextFileSync(`/proc/${this.#pid}/stat`);
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100; // USER_HZ
  }
}

/** What a call of the client process gave. */
export interface CallResult {
  readonly milliseconds: number;
  readonly firstMilliseconds: number;
  readonly frames: number;
  readonly bytes: number;
  /** gRPC status number as text; "": cancelled by the client. */
  readonly status: string;
  readonly message: string;
}

/** The client process, connected to one server. */
export class Client implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #waiting = new Map<number, (result: CallResult) => void>();
  #lastId = 0;

  constructor(server: Server) {
    this.#child = new Deno.Command(clientRuntime[0]!, {
      args: [...clientRuntime.slice(1), join(project, "bench/peers/client.js")],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    const { address, ca, cert, key } = server;
    this.#send({ address, ca, cert, key });
    this.#listen();
  }

  /** Makes a call; limit: cancel it after so many records. */
  call(method: string, body: Uint8Array, limit = 0): Promise<CallResult> {
    const id = ++this.#lastId;
    return new Promise((resolve) => {
      this.#waiting.set(id, resolve);
      const path = `/cluster_agent.${method}`;
      this.#send({ id, path, body: Buffer.from(body).toString("base64"), limit });
    });
  }

  /** Makes a call whose result is of no interest; returns how to cancel it. */
  cancellable(method: string, body: Uint8Array): () => void {
    this.call(method, body);
    const id = this.#lastId;
    return () => this.#send({ id, cancel: true });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close();
    await this.#child.status;
  }

  #send(order: unknown): void {
    this.#input.write(new TextEncoder().encode(`${JSON.stringify(order)}\n`));
  }

  async #listen(): Promise<void> {
    let text = "";
    for await (const chunk of this.#child.stdout.pipeThrough(new TextDecoderStream())) {
      const lines = (text + chunk).split("\n");
      text = lines.pop()!;
      for (const line of lines) {
        const { id, ...result } = JSON.parse(line);
        this.#waiting.get(id)?.(result);
        this.#waiting.delete(id);
      }
    }
  }
}

/** Node where there is one: its HTTP/2 takes less of the machine that the server shares. */
const clientRuntime = hasNode() ? ["node"] : [Deno.execPath(), "run", "--allow-net", "--quiet"];
export const clientName = clientRuntime[0] === "node" ? "Node" : "Deno";

function hasNode(): boolean {
  try {
    return new Deno.Command("node", { args: ["--version"] }).outputSync().success;
  } catch {
    return false;
  }
}
