import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type RunningAgent, serve } from "../agent/serve.ts";
import { type Config, defaults } from "../config/schema.ts";
import { createAuthority, type KeyPair } from "./certificates.ts";
import { LiveLog } from "./live_log.ts";
import { layOutSamples, type NodeLogs } from "./samples.ts";

/**
 * The demo's agent on its own logs, with everything that a client needs to call it. Made by the demo, which stops it.
 */
export class DemoAgent {
  readonly #agent: RunningAgent;
  readonly live: LiveLog;
  /** The folder with a client's certificates, laid out like a Kubernetes TLS Secret. */
  readonly clientTls: string;
  /** Resolves when the first log is followed. */
  readonly followed: Promise<void>;

  private constructor(
    agent: RunningAgent,
    options: {
      readonly live: LiveLog;
      readonly clientTls: string;
      readonly followed: Promise<void>;
    },
  ) {
    this.#agent = agent;
    this.live = options.live;
    this.clientTls = options.clientTls;
    this.followed = options.followed;
  }

  /**
   * Creates logs and certificates in the folder, and serves the logs on free ports of 127.0.0.1 over mutual TLS. Null
   * if the signal has fired meanwhile. Rejects with errors of creating or serving them.
   */
  static async start(dir: string, signal: AbortSignal): Promise<DemoAgent | null> {
    const clientTls = join(dir, "client");
    const logs = layOutSamples(dir);
    const live = new LiveLog(logs, dir);
    const serverTls = await writeCertificates(dir, clientTls);
    if (signal.aborted) return null;
    const followed = Promise.withResolvers<void>();
    const agent = await serve(configOf(logs, serverTls), {
      reviewer: { review: (identity, namespace) => Promise.resolve(mayRead(identity, namespace)) },
      report: (event) => {
        if (event.type === "followers" && event.change === 1) followed.resolve();
      },
    });
    return new DemoAgent(agent, { live, clientTls, followed: followed.promise });
  }

  get port(): number {
    return this.#agent.port;
  }

  get telemetryPort(): number | null {
    return this.#agent.telemetryPort;
  }

  /** Resolves to the exit code when the agent has ended. */
  get ended(): Promise<number> {
    return this.#agent.ended;
  }

  /** Resolves when the agent has ended. */
  async stop(): Promise<void> {
    this.#agent.stop();
    await this.#agent.ended;
  }
}

/**
 * Writes certificates for the agent, whose folder is returned, and for clients, each in a folder like a Kubernetes TLS
 * Secret.
 */
async function writeCertificates(dir: string, clientTls: string): Promise<string> {
  const authority = await createAuthority("Demo CA");
  const write = (folder: string, { cert, key }: KeyPair) => {
    mkdirSync(folder, { mode: 0o700 });
    writeFileSync(join(folder, "ca.crt"), authority.cert);
    writeFileSync(join(folder, "tls.crt"), cert);
    writeFileSync(join(folder, "tls.key"), key, { mode: 0o600 });
  };
  const serverTls = join(dir, "server");
  const [server, caller] = await Promise.all([
    authority.server(),
    authority.client("kubetail-cluster-api"),
  ]);
  write(serverTls, server);
  write(clientTls, caller);
  return serverTls;
}

/** Who may read what in the demo. There is no Kubernetes API server to ask. */
function mayRead(identity: { readonly kind: string }, namespace: string): boolean {
  const user = "user" in identity ? identity.user : "";
  return user === "admin" || user === "dev" && namespace === "shop";
}

function configOf(logs: NodeLogs, serverTls: string): Config {
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
    // This process is its only client, and a handshake on a slow machine may take any time.
    limits: {
      ...defaults.limits,
      handshakeTimeoutMs: 600_000,
      requestTimeoutMs: 600_000,
    },
    telemetry: { ...defaults.telemetry, addr: "127.0.0.1:0" },
    logging: { ...defaults.logging, enabled: false },
  };
}
