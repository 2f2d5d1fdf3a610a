import type { Server } from "@grpc/grpc-js";
import type { Report } from "../telemetry/events.ts";

/** A node:http2 server, as far as it is needed here. */
interface HandshakeSource {
  on(event: "tlsClientError", listener: (error: Error) => void): unknown;
}

/** What is private to grpc-js (hence its pinned version). */
interface ServerInternals {
  _setupHandlers?: (server: HandshakeSource | null, ...rest: unknown[]) => void;
}

/**
 * Tells of TLS handshakes that failed; to be called before bindAsync. At debug only: a tcpSocket probe
 * hangs up in the middle of one every few seconds.
 */
export function reportHandshakes(server: Server, report: Report): void {
  const internals = server as unknown as ServerInternals;
  const setupHandlers = internals._setupHandlers;
  if (typeof setupHandlers !== "function") return;
  internals._setupHandlers = (source, ...rest) => {
    source?.on("tlsClientError", (error) => {
      report({
        type: "notice",
        level: "debug",
        text: "a TLS handshake failed",
        fields: { why: error.message },
      });
    });
    setupHandlers.call(server, source, ...rest);
  };
}
