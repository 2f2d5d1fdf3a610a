import { limitNames } from "./events.ts";
import { Histogram, type Metric, Value } from "./prometheus.ts";
import type { StatusName } from "./status_codes.ts";

/** The methods that may appear as a label value; a caller can send any other name, which must not create a series. */
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
 * The codes that calls end with (rpc/status.ts, and those of the gRPC library). Each method has a series for each code
 * from the start: a counter that appears with its first error shows no increase (Prometheus, "Instrumentation", "Avoid
 * missing metrics").
 */
const codes: readonly StatusName[] = [
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

/** The agent's metrics by name and help text, with the series that exist from the start. `all` is in output order. */
export function createSeries() {
  const counter = (name: string, help: string) => new Value("counter", name, help);
  const gauge = (name: string, help: string) => new Value("gauge", name, help);
  const histogram = (name: string, help: string, bounds: readonly number[]) =>
    new Histogram(name, help, bounds);
  const prefix = "kubetail_agent_";

  const series = {
    buildInfo: gauge(`${prefix}build_info`, "Build information; always 1."),
    ready: gauge(
      `${prefix}ready`,
      "1 if the agent is ready (see /readyz), 0 otherwise.",
    ),
    calls: counter(`${prefix}calls_total`, "Completed gRPC calls."),
    callSeconds: histogram(`${prefix}call_seconds`, "Duration of calls.", callBounds),
    openStreams: gauge(`${prefix}open_streams`, "Streaming calls currently open."),
    records: counter(`${prefix}records_total`, "Log records read for callers."),
    read: counter(`${prefix}read_bytes_total`, "Bytes of log files scanned."),
    sent: counter(`${prefix}sent_bytes_total`, "Bytes of records sent."),
    malformed: counter(
      `${prefix}malformed_lines_total`,
      "Lines skipped: neither CRI nor Docker.",
    ),
    scanSeconds: histogram(
      `${prefix}scan_seconds`,
      "Time to scan one piece of a log; the sum is the time spent scanning.",
      workBounds,
    ),
    reviews: counter(
      `${prefix}reviews_total`,
      "Access reviews requested from the API server.",
    ),
    reviewSeconds: histogram(
      `${prefix}review_seconds`,
      "Latency of access reviews.",
      workBounds,
    ),
    reviewsCached: counter(
      `${prefix}review_cache_hits_total`,
      "Reviews answered from the cache.",
    ),
    followers: gauge(`${prefix}followers`, "Streams currently following a log."),
    watchers: gauge(`${prefix}watchers`, "Watch streams currently open."),
    followedFiles: gauge(`${prefix}followed_files`, "Log files being followed."),
    rotations: counter(`${prefix}rotations_total`, "Rotations seen in followed logs."),
    truncations: counter(`${prefix}truncations_total`, "Truncations that lost bytes."),
    truncatedBytes: counter(
      `${prefix}truncated_bytes_total`,
      "Bytes truncated from a log before they could be read.",
    ),
    engineBytes: gauge(
      `${prefix}engine_memory_bytes`,
      "Memory of the regular expression engines of all scan workers (limits.engine-memory).",
    ),
    searchesWaiting: gauge(
      `${prefix}searches_waiting`,
      "Searches waiting for other searches of the same user (limits.searches-per-user).",
    ),
    bufferBytes: gauge(
      `${prefix}result_buffer_bytes`,
      "Memory held by records that clients have not read yet (limits.buffer-bytes).",
    ),
    bufferWaits: gauge(
      `${prefix}result_buffer_waits`,
      "Streams waiting for result buffer memory (limits.buffer-bytes).",
    ),
    lostBytes: counter(
      `${prefix}lost_bytes_total`,
      "Bytes of logs that can no longer be read, by cause.",
    ),
    workers: gauge(`${prefix}workers`, "Scan workers currently running."),
    uncaught: counter(
      `${prefix}uncaught_errors_total`,
      "Unhandled errors; each is a bug in the agent.",
    ),
    replaced: counter(`${prefix}workers_replaced_total`, "Scan workers replaced."),
    limitsReached: counter(
      `${prefix}limit_reached_total`,
      "Calls and connections refused or closed because of a limit.",
    ),
    certificates: counter(
      `${prefix}certificate_loads_total`,
      "Certificate loads, by result. A certificate that cannot be used does not replace the one in use.",
    ),
    certificateExpiry: gauge(
      `${prefix}certificate_expiry_timestamp_seconds`,
      "When the certificate in use expires, seconds since the epoch.",
    ),
    lag: histogram(
      `${prefix}event_loop_lag_seconds`,
      "Event loop lag, sampled every 500 ms.",
      lagBounds,
    ),
    cpu: counter("process_cpu_seconds_total", "Total user and system CPU time in seconds."),
    resident: gauge("process_resident_memory_bytes", "Resident memory size in bytes."),
    startTime: gauge(
      "process_start_time_seconds",
      "When the process started, seconds since the epoch.",
    ),
    heap: gauge(`${prefix}heap_bytes`, "JavaScript heap of the main thread in bytes."),
  };

  // Series that exist from the start: a rate over one that appears later misses its first step.
  for (const method of methods) {
    for (const code of codes) series.calls.add(0, { method, code });
  }
  for (const method of methods.filter(isStreaming)) {
    series.openStreams.set(0, { method });
  }
  for (const verdict of ["allowed", "denied", "error"]) series.reviews.add(0, { verdict });
  for (const limit of limitNames) series.limitsReached.add(0, { limit });
  for (const kind of ["exception", "rejection"]) series.uncaught.add(0, { kind });
  for (const reason of ["died", "stuck"]) series.replaced.add(0, { reason });
  for (const state of ["loaded", "kept"]) series.certificates.add(0, { state });
  for (const cause of ["truncated", "removed", "unreadable"]) series.lostBytes.add(0, { cause });
  for (
    const metric of [
      series.records,
      series.read,
      series.sent,
      series.malformed,
      series.reviewsCached,
      series.rotations,
      series.truncations,
      series.truncatedBytes,
      series.followers,
      series.watchers,
      series.followedFiles,
      series.workers,
      series.bufferBytes,
      series.bufferWaits,
      series.engineBytes,
      series.searchesWaiting,
    ]
  ) metric.add(0);

  const all: readonly Metric[] = Object.values(series);
  return { all, ...series };
}

/** The method as a label value: "other" if it is not one of ours. */
export function methodLabel(method: string): string {
  return methods.includes(method) ? method : "other";
}

/** Whether the method answers with a stream. */
export function isStreaming(method: string): boolean {
  return STREAMING.test(method);
}
