import type { Server } from "node:net";
import { parseAddress } from "../config/address.ts";
import { nodeName } from "../config/node_name.ts";
import type { Config } from "../config/schema.ts";
import { version } from "../config/version.ts";
import { env, outputIsTerminal, writeOut } from "../platform/process.ts";
import type { Report } from "../telemetry/events.ts";
import { fanOut } from "../telemetry/fan_out.ts";
import { createLog } from "../telemetry/log.ts";
import { createMetrics } from "../telemetry/metrics.ts";
import { createRecent } from "../telemetry/recent.ts";
import { loadTraces, type StartCallSpan } from "../telemetry/traces.ts";

/** The agent's telemetry: log, metrics, traces, and the HTTP port that serves metrics, probes and the status page. */
export interface AgentTelemetry extends AsyncDisposable {
  /** Receives every event of the agent. */
  readonly report: Report;
  readonly startCallSpan: StartCallSpan;
  /** The HTTP port; null if telemetry.addr is empty. */
  readonly port: number | null;
  /** The port's listener. */
  readonly listener: Server | null;
}

/**
 * Starts log, metrics, traces and the HTTP port as configured. Rejects with an Error naming telemetry.addr if it cannot
 * listen there.
 */
export async function setUpTelemetry(
  config: Config,
  options: {
    /** Also receives every event. */
    readonly report?: Report;
    /** Why the agent is not ready; empty if it is. */
    readonly readiness: () => readonly string[];
    /** Receives the lines of the log; standard output by default. */
    readonly write?: (line: string) => void;
  },
): Promise<AgentTelemetry> {
  const metrics = createMetrics({ version, isReady: () => options.readiness().length === 0 });
  const log = createLog(config.logging, options.write ?? writeOut, {
    color: options.write === undefined && outputIsTerminal() && (env("NO_COLOR") ?? "") === "",
  });
  const recent = createRecent();
  const report = fanOut(
    metrics.report,
    log,
    recent.report,
    ...(options.report === undefined ? [] : [options.report]),
  );
  const startCallSpan = await loadTraces({ version });
  const { telemetry } = config;
  const address = telemetry.addr === "" ? null : parseAddress(telemetry.addr);
  try {
    const server = address === null ? null : await (await telemetryPort()).startTelemetry({
      address,
      metrics: telemetry.metrics ? metrics.render : null,
      readiness: options.readiness,
      statusPage: async ({ isOnThisHost }) =>
        (await statusPageModule()).statusPage({
          ...metrics.snapshot(),
          node: nodeName(),
          problems: options.readiness(),
          // They name users, namespaces and pods, which not everybody on the network may know.
          incidents: isOnThisHost
            ? { failedCalls: recent.failedCalls(), warnings: recent.warnings() }
            : null,
        }),
      statusPageFor: telemetry.statusPage,
      report,
    });
    return {
      report,
      startCallSpan,
      port: server?.port ?? null,
      listener: server?.listener ?? null,
      async [Symbol.asyncDispose]() {
        metrics.close();
        await server?.close();
      },
    };
  } catch (error) {
    metrics.close();
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`Cannot listen on telemetry.addr ${telemetry.addr}: ${why}`, { cause: error });
  }
}

/** Loaded only if there is such a port, to save memory otherwise. */
const telemetryPort = () => import("../telemetry/http.ts");
/** Loaded when the page is first requested. */
const statusPageModule = () => import("../telemetry/status_page.ts");
