import type { Server } from "@grpc/grpc-js";
import type { Report } from "../../telemetry/events.ts";
import { onHttp2Server } from "./http2_servers.ts";

/**
 * Reports failed TLS handshakes; call it before bindAsync. At debug only: a tcpSocket probe aborts one every few
 * seconds. Throws if grpc-js has changed.
 */
export function reportHandshakes(server: Server, report: Report): void {
  onHttp2Server(server, (source) => {
    source.on("tlsClientError", (error) => {
      report({
        type: "notice",
        level: "debug",
        text: "a TLS handshake failed",
        fields: { why: error.message },
      });
    });
  });
}
