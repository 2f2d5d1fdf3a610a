import type { Server as NetServer } from "node:net";
import { Server, ServerCredentials } from "@grpc/grpc-js";
import { LogRecordsServiceService } from "../generated/cluster_agent.ts";
import type { LogRecordsServiceServer } from "../generated/cluster_agent.ts";
import { type HealthServer, HealthService } from "../generated/grpc/health.ts";
import {
  type ServerReflectionServer,
  ServerReflectionService,
} from "../generated/grpc/reflection.ts";
import { metadataServiceDefinition, type MetadataServiceHandlers } from "./metadata_service.ts";
import type { Report } from "../telemetry/events.ts";
import type { Calls } from "./calls.ts";
import { Connections } from "./grpc_js/connections.ts";
import type { VerifiedPeers } from "./verified_peers.ts";
import { hostHasIpv6 } from "./host_addresses.ts";
import { replaceLogger } from "./grpc_js/logger.ts";
import { reportHandshakes } from "./grpc_js/handshakes.ts";
import type { Health } from "./health_service.ts";
import { OpenStreams } from "./grpc_js/open_streams.ts";
import { keepIdentityHeaders } from "./grpc_js/identity_headers.ts";
import { onPeerSession } from "./grpc_js/peer_sessions.ts";
import { deferServerSessionEnds } from "./grpc_js/session_ends.ts";
import type { PortLimits } from "./limits/port_limits.ts";

export interface ServerParts {
  /** HOST:PORT, with brackets around an IPv6 host; an empty host means every address. */
  readonly addr: string;
  /** Null: no TLS. */
  readonly credentials: ServerCredentials | null;
  readonly records: LogRecordsServiceServer;
  readonly metadata: MetadataServiceHandlers;
  readonly health: Health;
  readonly healthService: HealthServer;
  readonly reflection: ServerReflectionServer;
  readonly calls: Calls;
  /** Null if clients present no certificate. */
  readonly peers: VerifiedPeers | null;
  readonly report: Report;
  readonly limits: PortLimits;
  /** Certificate names that may do more than ask for health; empty: every name. */
  readonly allowedNames: readonly string[];
}

/** The names that the health service knows. */
export const SERVICES: readonly string[] = [
  "cluster_agent.LogMetadataService",
  "cluster_agent.LogRecordsService",
  "grpc.health.v1.Health",
];

/** The gRPC port. Owned by serve, which stops it. */
export class AgentServer {
  readonly #server: Server;
  readonly #parts: ServerParts;
  readonly #open: OpenStreams;
  readonly #connections: Connections;
  readonly port: number;

  private constructor(
    server: Server,
    parts: ServerParts,
    inner: { readonly port: number; readonly open: OpenStreams; readonly connections: Connections },
  ) {
    this.#server = server;
    this.#parts = parts;
    this.#open = inner.open;
    this.#connections = inner.connections;
    this.port = inner.port;
  }

  /** Binds and serves. Rejects with an Error that names the address if it cannot. */
  static async start(parts: ServerParts): Promise<AgentServer> {
    replaceLogger(parts.report);
    const server = new Server({
      "grpc.enable_channelz": 0,
      // Meant for clients; with it, the name to listen on would be looked up in DNS.
      "grpc.service_config_disable_resolution": 1,
      "grpc.max_receive_message_length": parts.limits.frames.requestBytes,
      // Above our own limit, which refuses with a message; beyond this one, a client's calls wait.
      "grpc.max_concurrent_streams": parts.limits.streams,
      // Detects clients that vanished without closing, so that their streams end.
      "grpc.keepalive_time_ms": 60_000,
      "grpc.keepalive_timeout_ms": 20_000,
    });
    keepIdentityHeaders(server);
    const { peers } = parts;
    if (peers !== null) onPeerSession(server, (session) => peers.add(session));
    deferServerSessionEnds(server);
    reportHandshakes(server, parts.report);
    const open = new OpenStreams(server);
    const connections = new Connections(server, {
      limits: parts.limits,
      report: parts.report,
      tls: parts.credentials !== null,
      allowedNames: parts.allowedNames,
    });
    server.addService(metadataServiceDefinition, parts.metadata);
    server.addService(LogRecordsServiceService, parts.records);
    server.addService(HealthService, parts.healthService);
    server.addService(ServerReflectionService, parts.reflection);
    const port = await bind(server, parts);
    return new AgentServer(server, parts, { port, open, connections });
  }

  /** The listeners of the port. */
  get listeners(): readonly NetServer[] {
    return this.#connections.listeners;
  }

  /** Ends every connection without a call: descriptors have run out. */
  shed(): void {
    this.#connections.shed();
  }

  /**
   * Stops gracefully: unhealthy and refusing at once, with the listener open until running calls are done or timeoutMs
   * has passed; then the remaining calls are aborted.
   */
  async stop(timeoutMs: number): Promise<void> {
    const { health, calls } = this.#parts;
    health.set(false);
    const busy = this.#open.count > 0;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<void>((resolve) => timer = setTimeout(resolve, timeoutMs));
    await Promise.race([calls.drain(), late]);
    calls.abortAll();
    health.close();
    // Answers are still on their way to the clients, at their pace; when time is up, the statuses of the aborted calls
    // get a moment.
    if (busy) {
      const flushed = this.#open.noneLeft().then(() => pause(LINGER_MS));
      await Promise.race([flushed, late.then(() => pause(LINGER_MS))]);
    }
    clearTimeout(timer);
    const closed = new Promise<void>((resolve) => this.#server.tryShutdown(() => resolve()));
    await Promise.race([closed, pause(GRACE_MS)]);
    this.#server.forceShutdown();
    this.#open[Symbol.dispose]();
    this.#connections[Symbol.dispose]();
  }
}

/**
 * Time between the last byte of the last call and the end of its connection: when a connection ends, node:http2 clients
 * drop data that they have received but not passed on.
 */
const LINGER_MS = 500;

/** How long connections may take to close once every call is done: idle clients never close theirs. */
const GRACE_MS = 1000;

function pause(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds));
}

async function bind(server: Server, parts: ServerParts): Promise<number> {
  const credentials = parts.credentials ?? ServerCredentials.createInsecure();
  const at = (addr: string) =>
    new Promise<number>((resolve, reject) =>
      server.bindAsync(addr, credentials, (error, port) => error ? reject(error) : resolve(port))
    );
  const separator = parts.addr.lastIndexOf(":");
  const host = parts.addr.slice(0, separator);
  const port = parts.addr.slice(separator + 1);
  try {
    if (host !== "") return await at(parts.addr);
    // Only if the host has no IPv6: if an address is taken, the agent must not serve only half of it.
    return await at(await hostHasIpv6() ? `[::]:${port}` : `0.0.0.0:${port}`);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot listen on ${parts.addr}: ${why}`, { cause: error });
  }
}
