import process from "node:process";
import { residentBytes } from "../platform/process.ts";
import type { AgentEvent, Report } from "./events.ts";
import { createSeries, isStreaming, methodLabel } from "./series.ts";
import { Throughput } from "./throughput.ts";

/** Key figures for people. */
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
  /** Milliseconds since the epoch; null if no certificate is in use. */
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
  /** Stops the timer that measures the event loop. */
  close(): void;
}

const LAG_EVERY_MS = 500;
const SLOT_SECONDS = 5;

/** Counts events. One per process; `close` it. */
export function createMetrics(options: {
  readonly version: string;
  /** Whether the agent can do its work now; called whenever the metrics are read. */
  readonly isReady: () => boolean;
}): Metrics {
  const series = createSeries();
  const startedMs = performance.timeOrigin;
  const throughput = new Throughput({
    slotMs: SLOT_SECONDS * 1000,
    slots: 60,
    now: () => performance.now(),
  });

  series.buildInfo.set(1, { version: options.version, deno: process.versions["deno"] ?? "none" });
  series.startTime.set(startedMs / 1000);
  let due = performance.now() + LAG_EVERY_MS;
  const timer = setInterval(() => {
    const now = performance.now();
    series.lag.observe(Math.max(0, now - due) / 1000);
    due = now + LAG_EVERY_MS;
  }, LAG_EVERY_MS);
  // The timer must not keep a process alive that has nothing else to do.
  (timer as { unref?: () => void }).unref?.();

  return {
    report,
    render() {
      const used = process.cpuUsage();
      series.ready.set(options.isReady() ? 1 : 0);
      series.cpu.set((used.user + used.system) / 1e6);
      series.resident.set(residentBytes());
      series.heap.set(process.memoryUsage().heapUsed, { state: "used" });
      series.heap.set(process.memoryUsage().heapTotal, { state: "total" });
      return series.all.map((metric) => metric.render()).join("");
    },
    snapshot: () => ({
      version: options.version,
      uptime: performance.now() / 1000,
      openStreams: series.openStreams.total(),
      followers: series.followers.get(),
      watchers: series.watchers.get(),
      followedFiles: series.followedFiles.get(),
      calls: series.calls.total(),
      records: series.records.get(),
      readBytes: series.read.get(),
      sentBytes: series.sent.get(),
      residentBytes: residentBytes(),
      certificateExpiresMs: series.certificateExpiry.total() === 0
        ? null
        : series.certificateExpiry.get() * 1000,
      sentPerSecond: throughput.perSecond(),
      slotSeconds: SLOT_SECONDS,
    }),
    close: () => clearInterval(timer),
  };

  function report(event: AgentEvent): void {
    switch (event.type) {
      case "call-started": {
        const method = methodLabel(event.method);
        if (isStreaming(method)) series.openStreams.add(1, { method });
        return;
      }
      case "call-ended": {
        const method = methodLabel(event.method);
        if (isStreaming(method)) series.openStreams.add(-1, { method });
        series.calls.add(1, { method, code: event.code });
        series.callSeconds.observe(event.milliseconds / 1000, { method });
        return;
      }
      case "scanned":
        series.read.add(event.bytes);
        series.records.add(event.records);
        series.malformed.add(event.malformed);
        series.scanSeconds.observe(event.seconds);
        return;
      case "sent":
        series.sent.add(event.bytes);
        throughput.add(event.bytes);
        return;
      case "review":
        series.reviews.add(1, { verdict: event.verdict });
        series.reviewSeconds.observe(event.seconds);
        return;
      case "review-cached":
        series.reviewsCached.add(1);
        return;
      case "followers":
        series.followers.add(event.change);
        return;
      case "watchers":
        series.watchers.add(event.change);
        return;
      case "followed-files":
        series.followedFiles.set(event.count);
        return;
      case "rotation":
        series.rotations.add(1);
        return;
      case "truncated":
        series.truncations.add(1);
        series.truncatedBytes.add(event.bytes);
        series.lostBytes.add(event.bytes, { cause: event.cause });
        return;
      case "engines":
        series.engineBytes.set(event.bytes);
        return;
      case "searches-waiting":
        series.searchesWaiting.set(event.count);
        return;
      case "buffers":
        series.bufferBytes.set(event.bytes);
        series.bufferWaits.set(event.waiting);
        return;
      case "workers":
        series.workers.set(event.count);
        return;
      case "uncaught-error":
        series.uncaught.add(1, { kind: event.kind });
        return;
      case "worker-replaced":
        series.replaced.add(1, { reason: event.reason });
        return;
      case "limit-reached":
        series.limitsReached.add(1, { limit: event.limit });
        return;
      case "certificate":
        series.certificates.add(1, { state: event.state });
        if (Number.isFinite(event.notAfterMs)) {
          series.certificateExpiry.set(event.notAfterMs / 1000);
        }
        return;
      case "notice":
        return;
    }
  }
}
