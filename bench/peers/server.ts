/** The servers to measure: agents of this project from source, and Kubetail's Rust agent. */
import { readFileSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { createAuthority } from "../../src/demo/certificates.ts";
import { AuthorizationApi } from "../../tests/harness/authorization_api.ts";
import type { BenchLogs } from "./logs.ts";
import { freePort } from "../../hack/free_ports.ts";

/** A server to measure. */
export interface Server extends AsyncDisposable {
  readonly name: string;
  readonly address: string;
  /** PEM; "": without TLS. */
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** Null if unknown: memory and CPU cannot be measured then. */
  readonly pid: number | null;
  /** An agent of this project. */
  readonly isOwn: boolean;
  /** It was running before the benchmark, which cannot start a second one. */
  readonly isRunning?: boolean;
}

/** Starts another process of a server. */
export type StartServer = () => Promise<Server>;

export interface AgentOptions {
  readonly name: string;
  /** A checkout of this project. */
  readonly checkout: string;
  /** Instead of those of `deno task serve`. */
  readonly v8Flags?: string | undefined;
  /** An entry to run instead of the sources' entry, such as a bundle's. */
  readonly entry?: string | undefined;
}

/**
 * Starts an agent as its users do: with the permissions and flags of the binary, over mutual TLS, in a process of
 * its own. The folder is for its configuration and certificates.
 */
export async function startAgent(
  logs: BenchLogs,
  folder: string,
  { name, checkout, v8Flags, entry }: AgentOptions,
): Promise<Server> {
  const permissions = pathToFileURL(join(resolve(checkout), "hack/permissions.ts")).href;
  const { agent, runFlags } = await import(permissions);
  const port = freePort();
  const pems = await certificates(folder);
  const config = {
    ...configuration(logs, folder, port),
    authorization: { methods: ["allow-all"] },
    "log-roots": logs.roots,
    telemetry: { addr: "" },
  };
  const configFile = join(folder, "config.json");
  writeFileSync(configFile, JSON.stringify(config));
  const program = entry ?? agent.entry;
  const flags = (runFlags(agent) as string[]).map((flag) => {
    if (flag.startsWith("--allow-read=")) {
      return `${flag},${[
        folder,
        ...logs.roots,
        ...(entry === undefined ? [] : [join(entry, "..")]),
      ]}`;
    }
    if (flag.startsWith("--v8-flags=") && v8Flags !== undefined) return `--v8-flags=${v8Flags}`;
    return flag;
  });
  return await serverProcess({
    name,
    port,
    pems,
    command: [Deno.execPath(), "run", "--quiet", "--no-check", ...flags, program, "serve", "-c"],
    configFile,
    cwd: checkout,
    isOwn: true,
    env: agent.environment ?? {}, // Older checkouts have none.
  });
}

/**
 * Starts Kubetail's Rust agent, an executable built from its own sources, over mutual TLS. Its access reviews go to an
 * API that allows everything.
 */
export async function startRustAgent(
  logs: BenchLogs,
  folder: string,
  executable: string,
): Promise<Server> {
  const api = await AuthorizationApi.start();
  const kubeConfig = join(folder, "kubeconfig");
  writeFileSync(kubeConfig, api.kubeConfig());
  const port = freePort();
  const pems = await certificates(folder);
  const configFile = join(folder, "config.json");
  writeFileSync(configFile, JSON.stringify(configuration(logs, folder, port)));
  const started = await serverProcess({
    name: "Rust agent",
    port,
    pems,
    command: [executable, "-c"],
    configFile,
    cwd: folder,
    isOwn: false,
    env: { KUBECONFIG: kubeConfig },
  });
  return {
    ...started,
    async [Symbol.asyncDispose]() {
      await started[Symbol.asyncDispose]();
      await api[Symbol.asyncDispose]();
    },
  };
}

/**
 * A server of the protocol that is already running and serves the same logs.
 *
 * @param tlsFolder contains ca.crt, tls.crt and tls.key for the client; without it, TLS is not used
 */
export function runningServer(address: string, tlsFolder?: string, pid?: number): Server {
  const read = (name: string) =>
    tlsFolder === undefined ? "" : readFileSync(join(tlsFolder, name), "utf8");
  return {
    name: `peer ${address}`,
    address,
    ca: read("ca.crt"),
    cert: read("tls.crt"),
    key: read("tls.key"),
    pid: pid ?? null,
    isOwn: false,
    isRunning: true,
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}

/** The configuration keys that both kinds of agents accept. */
function configuration(logs: BenchLogs, folder: string, port: number) {
  return {
    addr: `127.0.0.1:${port}`,
    "container-logs-dir": logs.containersDir,
    logging: { enabled: true, level: "error", format: "json" },
    tls: {
      "cert-file": join(folder, "tls.crt"),
      "key-file": join(folder, "tls.key"),
      "ca-file": join(folder, "ca.crt"),
      "allowed-names": ["kubetail-cluster-api"],
    },
  };
}

interface Pems {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** Writes the server's files into the folder; returns the client's. */
async function certificates(folder: string): Promise<Pems> {
  const authority = await createAuthority();
  const [server, client] = await Promise.all([
    authority.server(),
    authority.client("kubetail-cluster-api"),
  ]);
  const files = { "ca.crt": authority.cert, "tls.crt": server.cert, "tls.key": server.key };
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
  return { ca: authority.cert, cert: client.cert, key: client.key };
}

async function serverProcess(
  { name, port, pems, command, configFile, cwd, isOwn, env = {} }: {
    readonly name: string;
    readonly port: number;
    readonly pems: Pems;
    readonly command: readonly string[];
    readonly configFile: string;
    readonly cwd: string;
    readonly isOwn: boolean;
    readonly env?: Record<string, string>;
  },
): Promise<Server> {
  const [executable, ...args] = command;
  const child = new Deno.Command(executable!, {
    args: [...args, configFile],
    cwd,
    env,
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  let isRunning = true;
  child.status.then(() => isRunning = false);
  await listening(port, () => isRunning);
  return {
    name,
    address: `localhost:${port}`,
    ...pems,
    pid: child.pid,
    isOwn,
    async [Symbol.asyncDispose]() {
      if (isRunning) child.kill("SIGTERM");
      await child.status;
    },
  };
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
  throw new Error("the server ended before it served");
}
