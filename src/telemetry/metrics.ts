import process from "node:process";
import { residentBytes } from "../platform/process.ts";
import { type AgentEvent, limitNames, type Report } from "./events.ts";
import { Histogram, type Metric, Value } from "./prometheus.ts";
import { Throughput } from "./throughput.ts";

/** What people want to see at a glance. */
export interface Snapshot {
  readonly version: string;
  /** Seconds. */
  readonly uptime: number;
  readonly openStreams: number;
  readonly followers: number;
  readonly watchers: number;
  readonly followedFiles: number;
  readonly calls: number;
  readonly records: number;
  readonly readBytes: number;
  readonly sentBytes: number;
  readonly residentBytes: number;
  /** Milliseconds since the epoch; null where no certificate is in use. */
  readonly certificateExpiresMs: number | null;
  /** Bytes sent per second in slots of `slotSeconds`, the oldest first. */
  readonly sentPerSecond: readonly number[];
  readonly slotSeconds: number;
}

export interface Metrics {
  readonly report: Report;
  /** Prometheus text. */
  render(): string;
  snapshot(): Snapshot;
  /** Ends the timer that measures the event loop. */
  close(): void;
}

/** The methods that may appear as a label; a caller can name any other, which must not make a series. */
const methods = [
  "cluster_agent.LogMetadataService/List",
  "cluster_agent.LogMetadataService/Watch",
  "cluster_agent.LogRecordsService/StreamForward",
  "cluster_agent.LogRecordsService/StreamBackward",
  "grpc.health.v1.Health/Check",
  "grpc.health.v1.Health/Watch",
  "grpc.health.v1.Health/List",
  "grpc.reflection.v1.ServerReflection/ServerReflectionInfo",
];
/**
 * The codes that calls end with (rpc/status.ts, and those of the gRPC library). Each method has a series for each from
 * the start: a counter that appears with its first error shows no increase (Prometheus, "Instrumentation",
 * "Avoid missing metrics").
 */
const codes = [
  "OK",
  "CANCELLED",
  "UNKNOWN",
  "INVALID_ARGUMENT",
  "DEADLINE_EXCEEDED",
  "NOT_FOUND",
  "PERMISSION_DENIED",
  "RESOURCE_EXHAUSTED",
  "INTERNAL",
  "UNAVAILABLE",
  "UNAUTHENTICATED",
];
const STREAMING = /\/(?:Watch|StreamForward|StreamBackward|ServerReflectionInfo)$/;

const callBounds = [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10, 60, 600];
const workBounds = [0.0005, 0.002, 0.01, 0.05, 0.25, 1, 5];
const lagBounds = [0.001, 0.005, 0.02, 0.1, 0.5, 2];
const LAG_EVERY_MS = 500;
const SLOT_SECONDS = 5;

/** Counts events. One per process; `close` it. */
export function createMetrics(options: {
  readonly version: string;
  /** Whether the agent can do its work now; asked whenever the metrics are read. */
  readonly isReady: () => boolean;
}): Metrics {
  const all: Metric[] = [];
  const counter = (name: string, help: string) => keep(new Value("counter", name, help));
  const gauge = (name: string, help: string) => keep(new Value("gauge", name, help));
  const histogram = (name: string, help: string, bounds: readonly number[]) =>
    keep(new Histogram(name, help, bounds));
  const prefix = "kubetail_agent_";

  const buildInfo = gauge(`${prefix}build_info`, "Build information; always 1.");
  const ready = gauge(
    `${prefix}ready`,
    "1 if the agent is ready (see /readyz), 0 otherwise.",
  );
  const calls = counter(`${prefix}calls_total`, "Completed gRPC calls.");
  const callSeconds = histogram(`${prefix}call_seconds`, "Duration of calls.", callBounds);
  const openStreams = gauge(`${prefix}open_streams`, "Streaming calls currently open.");
  const records = counter(`${prefix}records_total`, "Log records read for callers.");
  const read = counter(`${prefix}read_bytes_total`, "Bytes of log files scanned.");
  const sent = counter(`${prefix}sent_bytes_total`, "Bytes of records sent.");
  const malformed = counter(
    `${prefix}malformed_lines_total`,
    "Lines skipped: neither CRI nor Docker.",
  );
  const scanSeconds = histogram(
    `${prefix}scan_seconds`,
    "Time to scan one piece of a log; the sum is the time spent scanning.",
    workBounds,
  );
  const reviews = counter(
    `${prefix}reviews_total`,
    "Access reviews requested from the API server.",
  );
  const reviewSeconds = histogram(
    `${prefix}review_seconds`,
    "Latency of access reviews.",
    workBounds,
  );
  const reviewsCached = counter(
    `${prefix}review_cache_hits_total`,
    "Reviews answered from the cache.",
  );
  const followers = gauge(`${prefix}followers`, "Streams currently following a log.");
  const watchers = gauge(`${prefix}watchers`, "Watch streams currently open.");
  const followedFiles = gauge(`${prefix}followed_files`, "Log files being followed.");
  const rotations = counter(`${prefix}rotations_total`, "Rotations seen in followed logs.");
  const truncations = counter(`${prefix}truncations_total`, "Truncations that lost bytes.");
  const truncatedBytes = counter(
    `${prefix}truncated_bytes_total`,
    "Bytes truncated from a log before they could be read.",
  );
  const engineBytes = gauge(
    `${prefix}engine_memory_bytes`,
    "Memory of the regular expression engines of all scan workers (limits.engine-memory).",
  );
  const searchesWaiting = gauge(
    `${prefix}searches_waiting`,
    "Searches waiting for other searches of the same user (limits.searches-per-user).",
  );
  const bufferBytes = gauge(
    `${prefix}result_buffer_bytes`,
    "Memory held by records that clients have not read yet (limits.buffer-bytes).",
  );
  const bufferWaits = gauge(
    `${prefix}result_buffer_waits`,
    "Streams waiting for result buffer memory (limits.buffer-bytes).",
  );
  const lostBytes = counter(
    `${prefix}lost_bytes_total`,
    "Bytes of logs that can no longer be read, by cause.",
  );
  const workers = gauge(`${prefix}workers`, "Scan workers currently running.");
  const uncaught = counter(
    `${prefix}uncaught_errors_total`,
    "Unhandled errors; each is a bug in the agent.",
  );
  const replaced = counter(`${prefix}workers_replaced_total`, "Scan workers replaced.");
  const limitsReached = counter(
    `${prefix}limit_reached_total`,
    "Calls and connections refused or closed because of a limit.",
  );
  const certificates = counter(
    `${prefix}certificate_loads_total`,
    "Certificate loads, by result. A certificate that cannot be used does not replace the one in use.",
  );
  const certificateExpiry = gauge(
    `${prefix}certificate_expiry_timestamp_seconds`,
    "When the certificate in use expires, seconds since the epoch.",
  );
  const lag = histogram(
    `${prefix}event_loop_lag_seconds`,
    "Event loop lag, sampled every 500 ms.",
    lagBounds,
  );
  const cpu = counter("process_cpu_seconds_total", "Total user and system CPU time in seconds.");
  const resident = gauge("process_resident_memory_bytes", "Resident memory size in bytes.");
  const startTime = gauge(
    "process_start_time_seconds",
    "When the process started, seconds since the epoch.",
  );
  const heap = gauge(`${prefix}heap_bytes`, "JavaScript heap of the main thread in bytes.");

  const startedMs = performance.timeOrigin;
  const throughput = new Throughput({
    slotMs: SLOT_SECONDS * 1000,
    slots: 60,
    now: () => performance.now(),
  });

  buildInfo.set(1, { version: options.version, deno: process.versions["deno"] ?? "none" });
  startTime.set(startedMs / 1000);
  // Series that are there from the beginning: a rate over one that appears later misses its first step.
  for (const method of methods) {
    for (const code of codes) calls.add(0, { method, code });
  }
  for (const method of methods.filter((name) => STREAMING.test(name))) {
    openStreams.set(0, { method });
  }
  for (const verdict of ["allowed", "denied", "error"]) reviews.add(0, { verdict });
  for (const limit of limitNames) limitsReached.add(0, { limit });
  for (const kind of ["exception", "rejection"]) uncaught.add(0, { kind });
  for (const reason of ["died", "stuck"]) replaced.add(0, { reason });
  for (const state of ["loaded", "kept"]) certificates.add(0, { state });
  for (const cause of ["truncated", "removed", "unreadable"]) lostBytes.add(0, { cause });
  for (
    const metric of [records, read, sent, malformed, reviewsCached, rotations, truncations]
  ) metric.add(0);
  for (
    const metric of [
      truncatedBytes,
      followers,
      watchers,
      followedFiles,
      workers,
      bufferBytes,
      bufferWaits,
      engineBytes,
      searchesWaiting,
    ]
  ) metric.add(0);

  let due = performance.now() + LAG_EVERY_MS;
  const timer = setInterval(() => {
    const now = performance.now();
    lag.observe(Math.max(0, now - due) / 1000);
    due = now + LAG_EVERY_MS;
  }, LAG_EVERY_MS);
  // A process that has nothing else to do may end.
  (timer as { unref?: () => void }).unref?.();

  return {
    report,
    render() {
      const used = process.cpuUsage();
      ready.set(options.isReady() ? 1 : 0);
      cpu.set((used.user + used.system) / 1e6);
      resident.set(residentBytes());
      heap.set(process.memoryUsage().heapUsed, { state: "used" });
      heap.set(process.memoryUsage().heapTotal, { state: "total" });
      return all.map((metric) => metric.render()).join("");
    },
    snapshot: () => ({
      version: options.version,
      uptime: performance.now() / 1000,
      openStreams: openStreams.total(),
      followers: followers.get(),
      watchers: watchers.get(),
      followedFiles: followedFiles.get(),
      calls: calls.total(),
      records: records.get(),
      readBytes: read.get(),
      sentBytes: sent.get(),
      residentBytes: residentBytes(),
      certificateExpiresMs: certificateExpiry.total() === 0 ? null : certificateExpiry.get() * 1000,
      sentPerSecond: throughput.perSecond(),
      slotSeconds: SLOT_SECONDS,
    }),
    close: () => clearInterval(timer),
  };

  function keep<M extends Metric>(metric: M): M {
    all.push(metric);
    return metric;
  }

  function report(event: AgentEvent): void {
    switch (event.type) {
      case "call-started": {
        const method = label(event.method);
        if (STREAMING.test(method)) openStreams.add(1, { method });
        return;
      }
      case "call-ended": {
        const method = label(event.method);
        if (STREAMING.test(method)) openStreams.add(-1, { method });
        calls.add(1, { method, code: event.code });
        callSeconds.observe(event.milliseconds / 1000, { method });
        return;
      }
      case "scanned":
        read.add(event.bytes);
        records.add(event.records);
        malformed.add(event.malformed);
        scanSeconds.observe(event.seconds);
        return;
      case "sent":
        sent.add(event.bytes);
        throughput.add(event.bytes);
        return;
      case "review":
        reviews.add(1, { verdict: event.verdict });
        reviewSeconds.observe(event.seconds);
        return;
      case "review-cached":
        reviewsCached.add(1);
        return;
      case "followers":
        followers.add(event.change);
        return;
      case "watchers":
        watchers.add(event.change);
        return;
      case "followed-files":
        followedFiles.set(event.count);
        return;
      case "rotation":
        rotations.add(1);
        return;
      case "truncated":
        truncations.add(1);
        truncatedBytes.add(event.bytes);
        lostBytes.add(event.bytes, { cause: event.cause });
        return;
      case "engines":
        engineBytes.set(event.bytes);
        return;
      case "searches-waiting":
        searchesWaiting.set(event.count);
        return;
      case "buffers":
        bufferBytes.set(event.bytes);
        bufferWaits.set(event.waiting);
        return;
      case "workers":
        workers.set(event.count);
        return;
      case "uncaught-error":
        uncaught.add(1, { kind: event.kind });
        return;
      case "worker-replaced":
        replaced.add(1, { reason: event.reason });
        return;
      case "limit-reached":
        limitsReached.add(1, { limit: event.limit });
        return;
      case "certificate":
        certificates.add(1, { state: event.state });
        if (Number.isFinite(event.notAfterMs)) certificateExpiry.set(event.notAfterMs / 1000);
        return;
      case "notice":
        return;
    }
  }
}

function label(method: string): string {
  return methods.includes(method) ? method : "other";
}
