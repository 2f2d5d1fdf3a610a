import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { isLoopback } from "../platform/loopback.ts";

export interface TelemetryOptions {
  /** Empty host: every address. Port 0: any free one. */
  readonly address: { readonly host: string; readonly port: number };
  /** Prometheus text; null: `/metrics` is not served. */
  readonly metrics: (() => string) | null;
  /** Why the agent cannot serve; empty when it can. */
  readonly readiness: () => readonly string[];
  /** HTML of the status page. */
  readonly statusPage: () => string;
  /** loopback: the status page only for connections from and to this host itself, as port-forward makes them. */
  readonly statusPageFor: "loopback" | "always";
}

export interface TelemetryServer {
  readonly port: number;
  /** Ends all connections. */
  close(): Promise<void>;
}

const maxConnections = 64;
const timeoutMs = 5000;

/** Starts the plain HTTP port. Rejects with the system's error where it cannot listen. */
export async function startTelemetry(options: TelemetryOptions): Promise<TelemetryServer> {
  const server = createServer({
    requestTimeout: timeoutMs,
    headersTimeout: timeoutMs,
    keepAliveTimeout: timeoutMs,
    connectionsCheckingInterval: 1000,
    maxHeaderSize: 8192,
  }, (request, response) => answer(request, response, options));
  server.maxConnections = maxConnections;
  server.timeout = timeoutMs;

  const { host, port } = options.address;
  if (host !== "") {
    await listen(server, host, port);
  } else {
    try {
      await listen(server, "::", port);
    } catch (error) {
      // A host without IPv6 has no "::".
      const code = (error as { code?: unknown }).code;
      if (code !== "EAFNOSUPPORT" && code !== "EADDRNOTAVAIL") throw error;
      await listen(server, "0.0.0.0", port);
    }
  }
  const bound = server.address();
  return {
    port: typeof bound === "object" && bound !== null ? bound.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      // A broken connection is its own affair.
      server.on("error", () => {});
      resolve();
    });
  });
}

function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: TelemetryOptions,
): void {
  response.on("error", () => {});
  if (request.method !== "GET") {
    // A body may follow; nobody reads it, so the connection cannot be used again.
    response.setHeader("Connection", "close");
    response.setHeader("Allow", "GET");
    return send(response, 405, "text/plain", "only GET\n");
  }
  const path = (request.url ?? "/").replace(/\?.*$/s, "");
  switch (path) {
    case "/livez":
      return send(response, 200, "text/plain", "ok\n");
    case "/readyz": {
      const problems = options.readiness();
      return problems.length === 0
        ? send(response, 200, "text/plain", "ok\n")
        : send(response, 503, "text/plain", problems.map((text) => `${text}\n`).join(""));
    }
    case "/metrics":
      if (options.metrics === null) break;
      return send(response, 200, "text/plain; version=0.0.4", options.metrics());
    case "/":
      if (options.statusPageFor === "loopback" && !fromThisHost(request)) {
        return send(
          response,
          403,
          "text/plain",
          "The status page is shown on loopback addresses only, unless telemetry.status-page is " +
            "always. Try: kubectl port-forward\n",
        );
      }
      response.setHeader(
        "Content-Security-Policy",
        "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
      );
      return send(response, 200, "text/html", options.statusPage());
  }
  send(response, 404, "text/plain", "there are /metrics /livez /readyz and /\n");
}

function send(
  response: ServerResponse,
  status: number,
  type: string,
  body: string,
): void {
  const bytes = new TextEncoder().encode(body);
  response.writeHead(status, {
    "Content-Type": `${type}; charset=utf-8`,
    "Content-Length": bytes.length,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
  });
  response.end(bytes);
}

/**
 * Both ends of the connection are this host's, and the page was asked for by a name of this host:
 * otherwise any web site could point a name of its own at 127.0.0.1 and read the page through a
 * visitor's browser (DNS rebinding).
 */
function fromThisHost(request: IncomingMessage): boolean {
  const { localAddress, remoteAddress } = request.socket;
  const host = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(request.headers.host ?? "");
  return [localAddress, remoteAddress, host?.[1] ?? host?.[2]].every((end) =>
    end !== undefined && isLoopback(end)
  );
}
