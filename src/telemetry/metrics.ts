import process from "node:process";
import { residentBytes } from "../platform/process.ts";
import type { AgentEvent, Report } from "./events.ts";
import { createSeries, isStreaming, methodLabel } from "./series.ts";
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

const LAG_EVERY_MS = 500;
const SLOT_SECONDS = 5;

/** Counts events. One per process; `close` it. */
export function createMetrics(options: {
  readonly version: string;
  /** Whether the agent can do its work now; asked whenever the metrics are read. */
  readonly isReady: () => boolean;
}): Metrics {
  const {
    all,
    buildInfo,
    ready,
    calls,
    callSeconds,
    openStreams,
    records,
    read,
    sent,
    malformed,
    scanSeconds,
    reviews,
    reviewSeconds,
    reviewsCached,
    followers,
    watchers,
    followedFiles,
    rotations,
    truncations,
    truncatedBytes,
    engineBytes,
    searchesWaiting,
    bufferBytes,
    bufferWaits,
    lostBytes,
    workers,
    uncaught,
    replaced,
    limitsReached,
    certificates,
    certificateExpiry,
    lag,
    cpu,
    resident,
    startTime,
    heap,
  } = createSeries();
  const startedMs = performance.timeOrigin;
  const throughput = new Throughput({
    slotMs: SLOT_SECONDS * 1000,
    slots: 60,
    now: () => performance.now(),
  });

  buildInfo.set(1, { version: options.version, deno: process.versions["deno"] ?? "none" });
  startTime.set(startedMs / 1000);
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

  function report(event: AgentEvent): void {
    switch (event.type) {
      case "call-started": {
        const method = methodLabel(event.method);
        if (isStreaming(method)) openStreams.add(1, { method });
        return;
      }
      case "call-ended": {
        const method = methodLabel(event.method);
        if (isStreaming(method)) openStreams.add(-1, { method });
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
