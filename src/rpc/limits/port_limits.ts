import type { ConnectionLimits } from "./connection_budget.ts";
import type { FrameLimits } from "./frame_gate.ts";

/** Everything that the gRPC port bounds before the caller is identified. */
export interface PortLimits extends ConnectionLimits {
  readonly handshakeMs: number;
  readonly frames: FrameLimits;
  /** Memory for the received parts of unfinished requests and header blocks, in bytes, for all connections together. */
  readonly requestMemory: number;
  /** How long a request, or a frame of one, may take to arrive. */
  readonly requestMs: number;
  /** Maximum number of concurrent HTTP/2 streams of any kind. */
  readonly streams: number;
  /** Memory for the headers of all open streams, in bytes. */
  readonly headerMemory: number;
  /** For connections whose certificate has a name that is not allowed: they may only ask for health. */
  readonly otherNames: { readonly frames: FrameLimits; readonly streams: number };
}

/**
 * Maximum number of header pairs per call. A proxy sends each of a user's groups as one, and company directories put
 * people into hundreds of groups.
 */
export const MAX_HEADER_PAIRS = 4096;

/** Overhead of one header pair in memory, beyond its text: two strings, and their places in arrays and maps. */
const PAIR_BYTES = 160;

/** The memory of a header list while its call is open. */
export function headerMemoryOf(size: { readonly bytes: number; readonly pairs: number }): number {
  return size.bytes + size.pairs * PAIR_BYTES;
}

/**
 * Headers up to this size, in bytes of memory, are those of an ordinary call. Such a call is never refused because the
 * headers of others are large; the limit of streams bounds the memory of all of them.
 */
export const ORDINARY_HEADER_MEMORY = 8192;

/** The share of descriptors that connections may use; the rest is for logs, workers and the API server. */
const CONNECTIONS_SHARE = 0.4;
const HANDSHAKES_SHARE = 0.15;

/** How many descriptors the limits of the configuration may need: two per stream, plus some for everything else. */
export function descriptorsNeeded(config: {
  readonly maxStreams: number;
  readonly maxConnections: number;
  readonly maxHandshakes: number;
}): number {
  return config.maxConnections + config.maxHandshakes + 2 * config.maxStreams + 200;
}

/**
 * The limits of the port, derived from those of the configuration and the number of descriptors that the process may
 * open. A listener that runs out of descriptors is lost, so connections never take the last ones.
 */
export function portLimits(config: {
  readonly maxStreams: number;
  readonly maxConnections: number;
  readonly maxConnectionsPerPeer: number;
  readonly maxHandshakes: number;
  readonly handshakeTimeoutMs: number;
  readonly maxHeaderBytes: number;
  readonly maxRequestBytes: number;
  readonly requestTimeoutMs: number;
  readonly requestMemory: number;
  readonly headerMemory: number;
}, descriptors: number): PortLimits {
  const { maxHeaderBytes, maxRequestBytes } = config;
  const connections = Math.ceil(descriptors * CONNECTIONS_SHARE);
  const streams = config.maxStreams * 2 + 100;
  return {
    connections: Math.min(config.maxConnections, connections),
    connectionsPerPeer: Math.min(config.maxConnectionsPerPeer, connections),
    handshakes: Math.min(config.maxHandshakes, Math.ceil(descriptors * HANDSHAKES_SHARE)),
    handshakeMs: config.handshakeTimeoutMs,
    frames: {
      headers: { bytes: maxHeaderBytes, pairs: MAX_HEADER_PAIRS },
      requestBytes: maxRequestBytes,
      unfinishedBytes: maxRequestBytes * 4,
      // Clients send the headers of all calls that they begin at once before the first request.
      unfinishedRequests: streams,
    },
    requestMs: config.requestTimeoutMs,
    requestMemory: config.requestMemory,
    streams,
    headerMemory: config.headerMemory,
    otherNames: {
      frames: {
        headers: { bytes: Math.min(8192, maxHeaderBytes), pairs: 64 },
        requestBytes: 4096,
        unfinishedBytes: 4096,
        unfinishedRequests: 8,
      },
      streams: 8,
    },
  };
}
