import * as grpc from "@grpc/grpc-js";
import { serve, type ServeOptions } from "../../src/agent/serve.ts";
import { type Config, defaults } from "../../src/config/schema.ts";
import {
  LogMetadataServiceClient,
  LogRecordsServiceClient,
} from "../../src/generated/cluster_agent.ts";
import { HealthClient } from "../../src/generated/grpc/health.ts";
import { ServerReflectionClient } from "../../src/generated/grpc/reflection.ts";
import { deferClientSessionEnds } from "../../src/rpc/grpc_js/session_ends.ts";
import type { AgentEvent } from "../../src/telemetry/events.ts";
import { createAuthority, type KeyPair, type ThrowawayAuthority } from "./certificates.ts";
import { LogTree } from "./log_tree.ts";

// The tests' own connections use the same platform as the agent's.
deferClientSessionEnds();

/** The caller: a client whose CN is allowed, one whose CN is not, or one that presents no certificate. */
export type ClientName = "client" | "other" | "none";

/** Settings that differ from the harness's own, group by group. */
export type Overrides = {
  readonly [K in keyof Config]?: Config[K] extends readonly unknown[] ? Config[K]
    : Config[K] extends object ? Partial<Config[K]>
    : Config[K];
};

/** An agent in this process, on a free port of 127.0.0.1, with its own log tree and mutual TLS. */
export interface TestAgent extends AsyncDisposable {
  readonly config: Config;
  /** HOST:PORT of the gRPC port. */
  readonly address: string;
  readonly port: number;
  readonly telemetryPort: number | null;
  readonly logs: LogTree;
  readonly authority: ThrowawayAuthority;
  /** Folder with ca.crt, server.crt, server.key and, for each client, NAME.crt and NAME.key. */
  readonly certificatesDir: string;
  /** Everything that the agent has reported so far. */
  readonly events: readonly AgentEvent[];
  /** Resolves as soon as the events reported so far satisfy the condition. */
  sees(condition: (events: readonly AgentEvent[]) => boolean): Promise<void>;
  /** The exit code, once the agent has ended. */
  readonly ended: Promise<number>;
  records(client?: ClientName): LogRecordsServiceClient;
  metadata(client?: ClientName): LogMetadataServiceClient;
  health(client?: ClientName): HealthClient;
  reflection(client?: ClientName): ServerReflectionClient;
  credentials(client?: ClientName): grpc.ChannelCredentials;
  /** Stops gracefully, as on SIGTERM. */
  stop(): void;
}

/**
 * Starts an agent through serve(). Without overrides: mutual TLS, client CN "kubetail-cluster-api" allowed,
 * authorization "allow-all", one scan worker, no telemetry port, no log lines. options.reviewer replaces a Kubernetes
 * API if overrides name other methods.
 */
export async function startAgent(
  overrides: Overrides = {},
  options: Pick<ServeOptions, "reviewer"> = {},
): Promise<TestAgent> {
  using stack = new DisposableStack();
  const logs = stack.use(new LogTree());
  const certificatesDir = `${logs.dir}/tls`;
  const { authority, pairs } = await certificates();
  Deno.mkdirSync(certificatesDir);
  Deno.writeTextFileSync(`${certificatesDir}/ca.crt`, authority.cert);
  for (const [name, pair] of Object.entries(pairs)) {
    Deno.writeTextFileSync(`${certificatesDir}/${name}.crt`, pair.cert);
    Deno.writeTextFileSync(`${certificatesDir}/${name}.key`, pair.key);
  }

  const config = merge({
    ...defaults,
    addr: "127.0.0.1:0",
    containerLogsDir: logs.containerLogsDir,
    logRoots: logs.logRoots,
    logging: { ...defaults.logging, enabled: false },
    tls: {
      ...defaults.tls,
      certFile: `${certificatesDir}/server.crt`,
      keyFile: `${certificatesDir}/server.key`,
      caFile: `${certificatesDir}/ca.crt`,
    },
    authorization: { ...defaults.authorization, methods: ["allow-all"] },
    limits: {
      ...defaults.limits,
      scanWorkers: 1,
      // Client and agent are one process here, on a machine that may be slow or emulated.
      handshakeTimeoutMs: 600_000,
      requestTimeoutMs: 600_000,
    },
    telemetry: { ...defaults.telemetry, addr: "" },
  }, overrides);

  const events: AgentEvent[] = [];
  const watchers = new Set<() => void>();
  const running = await serve(config, {
    ...options,
    report(event) {
      events.push(event);
      for (const look of watchers) look();
    },
  });
  // A name, because the platform cannot verify an IP address over TLS.
  const address = `localhost:${running.port}`;
  const channels: grpc.Client[] = [];
  const kept = stack.move();

  function opened<T extends grpc.Client>(channel: T): T {
    channels.push(channel);
    return channel;
  }
  function credentials(client: ClientName = "client"): grpc.ChannelCredentials {
    if (!config.tls.enabled) return grpc.credentials.createInsecure();
    const ca = Buffer.from(authority.cert);
    if (client === "none") return grpc.credentials.createSsl(ca);
    const { key, cert } = pairs[client];
    return grpc.credentials.createSsl(ca, Buffer.from(key), Buffer.from(cert));
  }
  function sees(condition: (events: readonly AgentEvent[]) => boolean): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    const look = () => {
      if (!condition(events)) return;
      watchers.delete(look);
      resolve();
    };
    watchers.add(look);
    look();
    return promise;
  }
  // A separate connection for every client object: with a shared one, a test could see another's.
  const channelOptions = { "grpc.use_local_subchannel_pool": 1 };

  return {
    config,
    address,
    port: running.port,
    telemetryPort: running.telemetryPort,
    logs,
    authority,
    certificatesDir,
    events,
    sees,
    ended: running.ended,
    records: (client) =>
      opened(new LogRecordsServiceClient(address, credentials(client), channelOptions)),
    metadata: (client) =>
      opened(new LogMetadataServiceClient(address, credentials(client), channelOptions)),
    health: (client) => opened(new HealthClient(address, credentials(client), channelOptions)),
    reflection: (client) =>
      opened(new ServerReflectionClient(address, credentials(client), channelOptions)),
    credentials,
    stop: () => running.stop(),
    async [Symbol.asyncDispose]() {
      for (const channel of channels) channel.close();
      running.stop();
      await running.ended;
      kept.dispose();
    },
  };
}

let made: ReturnType<typeof makeCertificates> | undefined;

/** The same CA and pairs for every agent of the process: creating them is the slowest part. */
function certificates(): ReturnType<typeof makeCertificates> {
  return made ??= makeCertificates();
}

async function makeCertificates(): Promise<{
  authority: ThrowawayAuthority;
  pairs: Record<"server" | Exclude<ClientName, "none">, KeyPair>;
}> {
  const authority = await createAuthority();
  const [server, client, other] = await Promise.all([
    authority.server(),
    authority.client("kubetail-cluster-api"),
    authority.client("someone-else"),
  ]);
  return { authority, pairs: { server, client, other } };
}

/** Applies overrides to base, two levels deep, which is the depth of Config. */
function merge(base: Config, overrides: Overrides): Config {
  const merged: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(overrides)) {
    const own = merged[key];
    merged[key] = isGroup(own) && isGroup(value) ? { ...own, ...value } : value;
  }
  return merged as unknown as Config;
}

function isGroup(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
