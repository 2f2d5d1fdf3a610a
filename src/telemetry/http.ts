import type { Server } from "node:net";
import { isLoopback } from "../platform/loopback.ts";
import type { Report } from "./events.ts";
import { createPlainHttpServer, type PlainRequest, type PlainResponse } from "./plain_http.ts";
import { ProbeConnections } from "./probe_connections.ts";

export interface TelemetryOptions {
  /** Empty host: every address. Port 0: any free one. */
  readonly address: { readonly host: string; readonly port: number };
  /** Prometheus text; null: `/metrics` is not served. */
  readonly metrics: (() => string) | null;
  /** Why the agent cannot serve; empty if it can. */
  readonly readiness: () => readonly string[];
  /** HTML of the status page. */
  readonly statusPage: (reader: { readonly isOnThisHost: boolean }) => Promise<string>;
  /** loopback: serves the status page only to connections from and to this host, such as those of port-forward. */
  readonly statusPageFor: "loopback" | "always";
  /** Receives events about connections closed because there are too many, and about answers that failed. */
  readonly report?: Report;
}

export interface TelemetryServer {
  readonly port: number;
  /** What listens on the port. */
  readonly listener: Server;
  /** Ends all connections. */
  close(): Promise<void>;
}

const MAX_CONNECTIONS = 64;
/** Time for a request and for reading its answer, together. */
const TIMEOUT_MS = 5000;
/** Maximum number of times per second that metrics are rendered; further scrapes get the previous text. */
const RENDERS_PER_SECOND = 20;

/** Starts the plain HTTP port. Rejects with the system's error if it cannot listen. */
export async function startTelemetry(given: TelemetryOptions): Promise<TelemetryServer> {
  const options = given.metrics === null
    ? given
    : { ...given, metrics: atMost(RENDERS_PER_SECOND, given.metrics) };
  const connections = new ProbeConnections({
    max: MAX_CONNECTIONS,
    onEvicted: () => options.report?.({ type: "limit-reached", limit: "telemetry-connections" }),
  });
  const server = createPlainHttpServer({
    timeoutMs: TIMEOUT_MS,
    onConnection: (socket) => connections.add(socket),
    answer: (request) => answer(request, options),
    onError: (error) => {
      const why = error instanceof Error ? error.message : String(error);
      const text = "a request to telemetry.addr could not be answered";
      options.report?.({ type: "notice", level: "error", text, fields: { error: why } });
    },
  });

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
    listener: server,
    port: typeof bound === "object" && bound !== null ? bound.port : port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        connections.destroyAll();
      }),
  };
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      // A broken connection affects nobody else.
      server.on("error", () => {});
      resolve();
    });
  });
}

async function answer(
  request: PlainRequest,
  options: TelemetryOptions,
): Promise<PlainResponse> {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return { ...text(405, "only GET and HEAD\n"), headers: { Allow: "GET, HEAD" } };
  }
  switch (request.path) {
    case "/livez":
      return text(200, "ok\n");
    case "/readyz": {
      const problems = options.readiness();
      return problems.length === 0
        ? text(200, "ok\n")
        : text(503, problems.map((text) => `${text}\n`).join(""));
    }
    case "/metrics":
      if (options.metrics === null) break;
      return { status: 200, type: "text/plain; version=0.0.4", body: options.metrics() };
    case "/":
      if (options.statusPageFor === "loopback" && !fromThisHost(request)) {
        return text(
          403,
          "The status page is shown on loopback addresses only, unless telemetry.status-page is " +
            "always. Try: kubectl port-forward\n",
        );
      }
      return {
        status: 200,
        type: "text/html",
        body: await options.statusPage({ isOnThisHost: fromThisHost(request) }),
        headers: {
          "Content-Security-Policy":
            "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
        },
      };
  }
  return text(404, "there are /metrics /livez /readyz and /\n");
}

function text(status: number, body: string): PlainResponse {
  return { status, type: "text/plain", body };
}

/** Limits how often `render` is called; in between, returns the previous result. */
function atMost(perSecond: number, render: () => string): () => string {
  let second = 0;
  let count = 0;
  let last = "";
  return () => {
    const now = Math.floor(performance.now() / 1000);
    if (now !== second) count = 0;
    second = now;
    if (count++ < perSecond) last = render();
    return last;
  };
}

/**
 * Whether both ends of the connection are on this host, and the page was requested by a name of this host. Otherwise
 * any website could point a name of its own at 127.0.0.1 and read the page through a visitor's browser (DNS rebinding).
 */
function fromThisHost({ localAddress, remoteAddress, host: header }: PlainRequest): boolean {
  const host = /^(?:\[([^\]]+)\]|([^:]+))(?::\d+)?$/.exec(header);
  return [localAddress, remoteAddress, host?.[1] ?? host?.[2]].every((end) =>
    end !== undefined && isLoopback(end)
  );
}
