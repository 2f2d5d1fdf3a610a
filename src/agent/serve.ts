import type { Config } from "../config/schema.ts";
import { allowsAll } from "../config/auth_rules.ts";
import { nodeName } from "../config/node_name.ts";
import { Authorizer } from "../auth/authorizer.ts";
import type { Reviewer } from "../auth/review.ts";
import type { KubernetesReviewer } from "../auth/reviewer.ts";
import { FileWatcher } from "../files/file_watcher.ts";
import { FollowRegistry } from "../files/follow_registry.ts";
import { type LogRoots, realRoots } from "../files/locate.ts";
import { ScanPool } from "../pool/pool.ts";
import { Calls } from "../rpc/calls.ts";
import { CallLimits } from "../rpc/call_limits.ts";
import { CallAuthorizer } from "../rpc/call_authorizer.ts";
import { VerifiedPeers } from "../rpc/verified_peers.ts";
import { FileCredentials } from "../rpc/credentials.ts";
import { Health } from "../rpc/health_service.ts";
import { availableDescriptors } from "../platform/available_descriptors.ts";
import { descriptorsNeeded, portLimits } from "../rpc/limits/port_limits.ts";
import { endConnection } from "../rpc/grpc_js/connections.ts";
import { metadataService } from "../rpc/metadata_service.ts";
import { recordsService } from "../rpc/records_service.ts";
import { reflectionService } from "../rpc/reflection_service.ts";
import { AgentServer, SERVICES } from "../rpc/server.ts";
import { version } from "../config/version.ts";
import { BufferBudget } from "../stream/buffer_budget.ts";
import { examineIn } from "../stream/examine_compressed.ts";
import type { Report } from "../telemetry/events.ts";
import { ListenerCheck } from "./listener_check.ts";
import { MemoryReturn } from "./memory_return.ts";
import { setUpTelemetry } from "./telemetry_setup.ts";
import { Readiness } from "./readiness.ts";
import { ReviewHealth } from "./review_health.ts";
import { reportUncaughtErrors } from "./uncaught_errors.ts";
import { startupProblems } from "./startup_checks.ts";

/** A running agent. */
export interface RunningAgent {
  /** The gRPC port; if addr has port 0, the free port that was chosen. */
  readonly port: number;
  /** Null if telemetry is off. */
  readonly telemetryPort: number | null;
  /** Resolves to the exit code when the agent has stopped. */
  readonly ended: Promise<number>;
  /** Stops gracefully, as on SIGTERM. */
  stop(): void;
}

export interface ServeOptions {
  /** Receives every event, in addition to log and metrics. */
  readonly report?: Report;
  /** Whether to handle unhandled errors of the whole process; see reportUncaughtErrors. */
  readonly ownsProcess?: boolean;
  /** Replaces access reviews by the Kubernetes API. */
  readonly reviewer?: Reviewer;
}

/** Assembles the agent and starts it. Rejects with the reason if it cannot serve. */
export async function serve(config: Config, options: ServeOptions = {}): Promise<RunningAgent> {
  await using parts = new AsyncDisposableStack();
  const readiness = parts.use(new Readiness(config));
  const telemetry = parts.use(
    await setUpTelemetry(config, {
      readiness: () => readiness.problems(),
      ...(options.report === undefined ? {} : { report: options.report }),
    }),
  );
  const { report, startCallSpan } = telemetry;
  if (options.ownsProcess) parts.use(reportUncaughtErrors(report));
  if (allowsAll(config)) {
    report({
      type: "notice",
      level: "warn",
      text: "authorization.methods is allow-all: anyone who can reach this port can read every log",
    });
  }
  parts.use(new MemoryReturn());
  const roots: LogRoots = { containerLogsDir: config.containerLogsDir, logRoots: config.logRoots };
  const credentials = config.tls.enabled
    ? parts.use(await FileCredentials.load(config.tls, report))
    : null;
  const peers = credentials !== null && config.tls.clientAuth === "require-and-verify"
    ? parts.use(new VerifiedPeers({ authorities: () => credentials.authorities, report }))
    : null;
  const pool = parts.adopt(
    new ScanPool({
      workers: config.limits.scanWorkers,
      engineMemory: config.limits.engineMemory,
      searchesPerUser: config.limits.searchesPerUser,
      report,
      readRoots: () => realRoots(roots),
    }),
    (pool) => pool.close(),
  );
  const buffers = new BufferBudget({ bytes: config.limits.bufferBytes, report });
  const watcher = parts.adopt(new FileWatcher({ roots, report }), (watcher) => watcher.close());
  const follows = parts.adopt(
    new FollowRegistry({
      roots,
      watcher,
      report,
      missingFileWaitMs: config.missingFileWaitMs,
      examine: examineIn(pool),
    }),
    (follows) => follows.close(),
  );
  const kubernetes = parts.adopt(lateReviewer(report), (reviewer) => reviewer.close());
  const reviewer = options.reviewer ?? kubernetes;
  const reviewHealth = reviewer === kubernetes
    ? parts.use(new ReviewHealth(config, kubernetes))
    : null;
  const limits = new CallLimits(config.limits, report, endConnection);
  const calls = new Calls({
    authorizer: new CallAuthorizer(config, new Authorizer({ config, reviewer, report }), report),
    peers,
    limits,
    report,
    startCallSpan,
  });
  const needed = descriptorsNeeded(config.limits);
  const descriptors = availableDescriptors(config.containerLogsDir, needed);
  if (descriptors < needed) {
    report({
      type: "notice",
      level: "warn",
      text: "the limit of open files is low: fewer connections are accepted than configured",
      fields: { available: descriptors, needed },
    });
  }
  const health = new Health(SERVICES);
  const server = await AgentServer.start({
    addr: config.addr,
    credentials: credentials?.server ?? null,
    peers,
    health,
    healthService: health.service(calls),
    reflection: reflectionService(calls),
    calls,
    report,
    limits: portLimits(config.limits, descriptors),
    // If clients present no certificate, none can have a name that is not allowed.
    allowedNames: config.tls.clientAuth === "none" ? [] : config.tls.allowedNames,
    records: recordsService({
      calls,
      roots,
      history: config.history,
      maxLineBytes: config.maxLineBytes,
      pool,
      buffers,
      follows,
      report,
    }),
    metadata: metadataService({
      calls,
      roots,
      nodeName: nodeName(),
      watcher,
      debounceMs: config.watch.debounceMs,
      report,
    }),
  });
  const listeners = parts.use(
    new ListenerCheck([
      ...server.listeners.map((listener) => ({
        name: "addr",
        server: listener,
        shed: () => server.shed(),
      })),
      ...telemetry.listener === null
        ? []
        : [{ name: "telemetry.addr", server: telemetry.listener, shed: () => server.shed() }],
    ], report),
  );
  readiness.serving({
    certificateNotAfterMs: () => credentials?.notAfterMs ?? null,
    reviewProblem: () => reviewHealth?.problem ?? null,
    listenerProblems: () => listeners.problems,
  }, (ready) => health.set(ready));
  report({
    type: "notice",
    level: "info",
    text: "serving",
    fields: {
      version,
      addr: config.addr,
      port: server.port,
      ...(telemetry.port === null ? {} : { telemetryPort: telemetry.port }),
      node: nodeName(),
    },
  });
  // Runs alongside the first calls: the agent serves as far as it can, even if a check fails.
  const checking = new AbortController();
  parts.defer(() => checking.abort());
  startupProblems(config, { signal: checking.signal }).then((problems) => {
    for (const { level, text } of problems) report({ type: "notice", level, text });
  }, () => {});

  const running = parts.move();
  const stopping = Promise.withResolvers<void>();
  const ended = stopping.promise
    .then(() => {
      readiness.stopping();
      report({ type: "notice", level: "info", text: "stopping" });
      return server.stop(config.shutdownTimeoutMs);
    })
    .then(() => report({ type: "notice", level: "info", text: "stopped" }))
    .finally(() => running.disposeAsync())
    .then(() => 0);
  return {
    port: server.port,
    telemetryPort: telemetry.port,
    ended,
    stop: () => stopping.resolve(),
  };
}

/** Loads the Kubernetes client on first use: an agent with allow-all saves its memory. */
function lateReviewer(
  report: Report,
): Pick<KubernetesReviewer, "review" | "whoIs" | "problem" | "close"> {
  let loaded: Promise<KubernetesReviewer> | undefined;
  const reviewer = () =>
    loaded ??= import("../auth/reviewer.ts").then((module) => module.createReviewer({ report }));
  return {
    review: async (...args) => await (await reviewer()).review(...args),
    whoIs: async (...args) => await (await reviewer()).whoIs(...args),
    problem: async (...args) => await (await reviewer()).problem(...args),
    close: () => void loaded?.then((reviewer) => reviewer.close(), () => {}),
  };
}
