import type { ConnectionLimits } from "./connection_budget.ts";
import type { FrameLimits } from "./frame_gate.ts";

/** Everything that the gRPC port bounds before the caller is identified. */
export interface PortLimits extends ConnectionLimits {
  readonly handshakeMs: number;
  readonly frames: FrameLimits;
  /** What has come of unfinished requests and header blocks, in bytes of memory, of all connections together. */
  readonly requestMemory: number;
  /** How long a request, or a frame of one, may take to arrive. */
  readonly requestMs: number;
  /** HTTP/2 streams of any kind that are open at the same time. */
  readonly streams: number;
  /** What the headers of all open streams take, in bytes of memory. */
  readonly headerMemory: number;
  /** For connections whose certificate has another name than the allowed ones: they may ask for health only. */
  readonly otherNames: { readonly frames: FrameLimits; readonly streams: number };
}

/**
 * Pairs of one call's headers. A proxy sends each of a user's groups as one, and company directories put
 * people into hundreds.
 */
export const MAX_HEADER_PAIRS = 4096;

/** Overhead of one header pair in memory, beyond its text: two strings, and their places in arrays and maps. */
const PAIR_BYTES = 160;

/** What a header list takes in memory while its call is open. */
export function headerMemoryOf(size: { readonly bytes: number; readonly pairs: number }): number {
  return size.bytes + size.pairs * PAIR_BYTES;
}

/**
 * Headers up to here, in bytes of memory, are those of an ordinary call. Such a call is never refused because
 * the headers of others are large; the limit of streams bounds what all of them take.
 */
export const ORDINARY_HEADER_MEMORY = 8192;

/** Descriptors that connections leave to logs, workers and the API server. */
const CONNECTIONS_SHARE = 0.4;
const HANDSHAKES_SHARE = 0.15;

/** How many descriptors the limits of the configuration may need: two for each stream, and some for all else. */
export function descriptorsNeeded(config: {
  readonly maxStreams: number;
  readonly maxConnections: number;
  readonly maxHandshakes: number;
}): number {
  return config.maxConnections + config.maxHandshakes + 2 * config.maxStreams + 200;
}

/**
 * The limits of the port, from those of the configuration and the descriptors that the process may open:
 * a listener that finds none left is lost, so connections never take the last ones.
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
      // Clients send the headers of all calls they begin at once before the first request.
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
