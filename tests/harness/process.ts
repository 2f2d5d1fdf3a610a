import * as grpc from "@grpc/grpc-js";
import { get } from "node:http";
import { configText } from "../../src/config/config_text.ts";
import { type Config, defaults } from "../../src/config/schema.ts";
import {
  LogMetadataServiceClient,
  LogRecordsServiceClient,
} from "../../src/generated/cluster_agent.ts";
import { HealthClient } from "../../src/generated/grpc/health.ts";
import { deferClientSessionEnds } from "../../src/rpc/grpc_js/session_ends.ts";
import { agent as program, runFlags } from "../../hack/permissions.ts";
import { createAuthority, type KeyPair, type ThrowawayAuthority } from "./certificates.ts";
import type { ClientName } from "./agent.ts";
import { LogTree } from "./log_tree.ts";
import { descriptors } from "./process_descriptors.ts";

// The tests' own connections use the same platform as the agent's.
deferClientSessionEnds();

/** A shutdown timeout that no test reaches, so that a test that waits for it is noticed. */
export const SHUTDOWN_TIMEOUT_MS = 600_000;

/** Settings that a test may replace, as whole groups. */
export interface ProcessOptions {
  readonly config?: Partial<Config>;
  /** Text of a kubeconfig file: the API server for access reviews. */
  readonly kubeConfig?: string;
  /** Folders that it may read in addition to those of the released program and of the test. */
  readonly readable?: readonly string[];
  /** Folder of a bundle (hack/bundle.ts) to run instead of the sources. Default: AGENT_BUNDLE, if set. */
  readonly bundle?: string;
  readonly clientAuth?: Config["tls"]["clientAuth"];
  /** Limit of open files, hard and soft. */
  readonly openFiles?: number;
}

/**
 * The agent in a separate process, with the permissions and flags of the released program (and permission to read its
 * test's folder), mutual TLS, and certificates laid out like a mounted Kubernetes Secret.
 */
export interface AgentProcess extends AsyncDisposable {
  readonly port: number;
  readonly telemetryPort: number;
  readonly pid: number;
  readonly logs: LogTree;
  readonly authority: ThrowawayAuthority;
  /** Valid for a client whose name is allowed. */
  readonly client: KeyPair;
  /** Log lines so far, parsed. */
  readonly lines: readonly Record<string, unknown>[];
  /** Resolves to the first log line, past or future, that satisfies the condition. */
  line(condition: (line: Record<string, unknown>) => boolean): Promise<Record<string, unknown>>;
  /** Its output on standard error, once it has ended. */
  readonly errors: Promise<string>;
  /** Resolves when the process has ended, to its exit code; null if a signal ended it. */
  readonly ended: Promise<number | null>;
  kill(signal: Deno.Signal): void;
  records(client?: ClientName): LogRecordsServiceClient;
  metadata(client?: ClientName): LogMetadataServiceClient;
  health(client?: ClientName): HealthClient;
  /** Replaces tls.crt, tls.key and ca.crt, all at once, as a swap of a Secret does. */
  swapSecret(files: SecretFiles): void;
  /** A series of /metrics, by its full name. */
  metric(series: string): Promise<number>;
  /** How many descriptors are open. */
  descriptors(): number;
  /** Resolves when at most that many are open; polls, because no event reports it. */
  descriptorsBecome(count: number): Promise<void>;
}

export interface SecretFiles {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

const project = new URL("../../", import.meta.url).pathname;

/** Starts it and waits until it serves. Rejects with its output if it ends before that. */
export async function startProcess(options: ProcessOptions = {}): Promise<AgentProcess> {
  await using stack = new AsyncDisposableStack();
  const logs = stack.use(new LogTree());
  const authority = await createAuthority();
  const [server, client, other] = await Promise.all([
    authority.server(),
    authority.client("kubetail-cluster-api"),
    authority.client("somebody-else"),
  ]);
  const secret = new Secret(`${logs.dir}/tls`);
  secret.swap({ ...server, ca: authority.cert });
  const config: Config = {
    ...defaults,
    addr: "127.0.0.1:0",
    containerLogsDir: logs.containerLogsDir,
    logRoots: logs.logRoots,
    logging: { ...defaults.logging, level: "debug" },
    tls: {
      ...defaults.tls,
      certFile: `${secret.dir}/tls.crt`,
      keyFile: `${secret.dir}/tls.key`,
      caFile: `${secret.dir}/ca.crt`,
      clientAuth: options.clientAuth ?? defaults.tls.clientAuth,
    },
    authorization: { ...defaults.authorization, methods: ["allow-all"] },
    telemetry: { ...defaults.telemetry, addr: "127.0.0.1:0" },
    ...options.config,
  };
  Deno.writeTextFileSync(`${logs.dir}/agent.yaml`, configText(config));
  const kubeConfig = `${logs.dir}/kubeconfig`;
  if (options.kubeConfig !== undefined) Deno.writeTextFileSync(kubeConfig, options.kubeConfig);

  const bundle = options.bundle ?? (Deno.env.get("AGENT_BUNDLE") || undefined);
  // A shell can set limits, and is then replaced by the agent.
  const limited = options.openFiles === undefined
    ? []
    : ["-c", `ulimit -n ${options.openFiles}; exec "$0" "$@"`, Deno.execPath()];
  const child = new Deno.Command(limited.length === 0 ? Deno.execPath() : "sh", {
    args: [
      ...limited,
      "run",
      "--quiet",
      // A bundle is complete: it needs neither import map nor packages.
      ...bundle === undefined ? [] : ["--no-config", "--no-npm", "--no-remote"],
      ...runFlags(program, bundle).map((flag) => {
        if (flag.startsWith("--allow-read=")) {
          return [flag, logs.dir, ...options.readable ?? []].join(",");
        }
        return flag.startsWith("--allow-env=") ? `${flag},KUBECONFIG` : flag;
      }),
      bundle === undefined ? program.entry : `${bundle}/main.js`,
      "serve",
      "-c",
      `${logs.dir}/agent.yaml`,
    ],
    cwd: project,
    stdout: "piped",
    stderr: "piped",
    env: {
      ...program.environment,
      ...options.kubeConfig === undefined ? {} : { KUBECONFIG: kubeConfig },
    },
  }).spawn();
  const ended = child.status.then(({ code, signal }) => {
    return signal === null ? code : null;
  });
  const output = new LineReader(child.stdout);
  const errors = new Response(child.stderr).text();
  stack.defer(async () => {
    try {
      child.kill("SIGKILL");
    } catch {
      // It has already ended.
    }
    await ended;
    await Promise.all([output.done, errors]);
  });

  const serving = await Promise.race([
    output.line(({ msg }) => msg === "serving"),
    ended.then(async (code) => {
      throw new Error(`the agent ended with ${code}: ${await errors}`);
    }),
  ]);
  const port = Number(serving["port"]);
  const telemetryPort = Number(serving["telemetryPort"]);
  function credentials(name: ClientName = "client"): grpc.ChannelCredentials {
    const ca = Buffer.from(authority.cert);
    if (name === "none") return grpc.credentials.createSsl(ca);
    const { key, cert } = name === "client" ? client : other;
    return grpc.credentials.createSsl(ca, Buffer.from(key), Buffer.from(cert));
  }
  const channels: grpc.Client[] = [];
  stack.defer(() => {
    for (const channel of channels) channel.close();
  });
  function opened<T extends grpc.Client>(channel: T): T {
    channels.push(channel);
    return channel;
  }
  const address = `localhost:${port}`;
  // A separate connection for every client object.
  const own = { "grpc.use_local_subchannel_pool": 1 };

  const kept = stack.move();
  return {
    port,
    telemetryPort,
    pid: child.pid,
    logs,
    authority,
    client,
    lines: output.lines,
    line: (condition) => output.line(condition),
    errors,
    ended,
    kill: (signal) => child.kill(signal),
    records: (name) => opened(new LogRecordsServiceClient(address, credentials(name), own)),
    metadata: (name) => opened(new LogMetadataServiceClient(address, credentials(name), own)),
    health: (name) => opened(new HealthClient(address, credentials(name), own)),
    swapSecret: (files) => secret.swap(files),
    metric: async (series) => {
      const text = await httpText(telemetryPort, "/metrics");
      const line = text.split("\n").find((each) => each.startsWith(`${series} `));
      if (line === undefined) throw new Error(`no series ${series}`);
      return Number(line.slice(series.length + 1));
    },
    descriptors: () => descriptors(child.pid).length,
    descriptorsBecome: async (count) => {
      while (descriptors(child.pid).length > count) {
        await new Promise((resolve) => setTimeout(resolve)); // Meanwhile, the test's ends of the connections close.
      }
    },
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** GET of a path on the telemetry port; returns the body, whatever the status. */
export function httpText(port: number, path: string): Promise<string> {
  return new Promise((resolve, reject) => {
    get({ host: "127.0.0.1", port, path, agent: false }, (response) => {
      let body = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => body += part);
      response.on("end", () => resolve(body));
      response.on("error", reject);
    }).on("error", reject);
  });
}

/**
 * A folder as maintained by the kubelet's AtomicWriter (Kubernetes, pkg/volume/util/atomic_writer.go): the names are
 * links into `..data`, which is itself a link to this version's folder and is replaced by a rename.
 */
class Secret {
  readonly dir: string;
  #version = 0;

  constructor(dir: string) {
    this.dir = dir;
    Deno.mkdirSync(dir);
    for (const name of ["tls.crt", "tls.key", "ca.crt"]) {
      Deno.symlinkSync(`..data/${name}`, `${dir}/${name}`);
    }
  }

  swap(files: SecretFiles): void {
    const old = `..${this.#version}`;
    const folder = `..${++this.#version}`;
    Deno.mkdirSync(`${this.dir}/${folder}`);
    Deno.writeTextFileSync(`${this.dir}/${folder}/tls.crt`, files.cert);
    Deno.writeTextFileSync(`${this.dir}/${folder}/tls.key`, files.key);
    Deno.writeTextFileSync(`${this.dir}/${folder}/ca.crt`, files.ca);
    Deno.symlinkSync(folder, `${this.dir}/..data_tmp`);
    Deno.renameSync(`${this.dir}/..data_tmp`, `${this.dir}/..data`);
    if (this.#version > 1) Deno.removeSync(`${this.dir}/${old}`, { recursive: true });
  }
}

/** Reads JSON lines as they arrive. */
class LineReader {
  readonly lines: Record<string, unknown>[] = [];
  readonly done: Promise<void>;
  readonly #watchers = new Set<() => void>();

  constructor(stream: ReadableStream<Uint8Array<ArrayBuffer>>) {
    this.done = this.#read(stream);
  }

  line(
    condition: (line: Record<string, unknown>) => boolean,
  ): Promise<Record<string, unknown>> {
    return new Promise((resolve) => {
      const look = () => {
        const found = this.lines.find(condition);
        if (found === undefined) return;
        this.#watchers.delete(look);
        resolve(found);
      };
      this.#watchers.add(look);
      look();
    });
  }

  async #read(stream: ReadableStream<Uint8Array<ArrayBuffer>>): Promise<void> {
    let rest = "";
    for await (const part of stream.pipeThrough(new TextDecoderStream())) {
      const texts = (rest + part).split("\n");
      rest = texts.pop() ?? "";
      for (const text of texts) this.lines.push(JSON.parse(text));
      for (const look of [...this.#watchers]) look();
    }
  }
}
