import assert from "node:assert/strict";
import { Failure, type FailureKind } from "../../../src/failure/failure.ts";
import { statusName, toStatus } from "../../../src/rpc/status.ts";
import type { AgentEvent, CallFacts } from "../../../src/telemetry/events.ts";
import { createMetrics } from "../../../src/telemetry/metrics.ts";
import { Histogram, Value } from "../../../src/telemetry/prometheus.ts";
import { Throughput } from "../../../src/telemetry/throughput.ts";

const FORWARD = "cluster_agent.LogRecordsService/StreamForward";

/** Renders after events and returns each series' value by its full name. */
function series(events: readonly AgentEvent[]): Map<string, number> {
  const metrics = createMetrics({ version: "1.2.3", isReady: () => true });
  try {
    for (const event of events) metrics.report(event);
    return parse(metrics.render());
  } finally {
    metrics.close();
  }
}

/** A reader of the text exposition format 0.0.4 that rejects what Prometheus would reject. */
function parse(text: string): Map<string, number> {
  const values = new Map<string, number>();
  const types = new Map<string, string>();
  assert.ok(text.endsWith("\n"));
  for (const line of text.slice(0, -1).split("\n")) {
    const comment = /^# (HELP|TYPE) ([a-zA-Z_:][a-zA-Z0-9_:]*) (.+)$/.exec(line);
    if (comment !== null) {
      if (comment[1] !== "TYPE") continue;
      assert.ok(!types.has(comment[2] ?? ""), `twice: ${line}`);
      types.set(comment[2] ?? "", comment[3] ?? "");
      continue;
    }
    const sample =
      /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{(?:[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*",?)*\})? (\S+)$/.exec(
        line,
      );
    assert.ok(sample, `not a sample: ${line}`);
    const name = (sample[1] ?? "").replace(/_(?:bucket|sum|count)$/, "");
    assert.ok(types.has(name) || types.has(sample[1] ?? ""), `no TYPE before: ${line}`);
    const key = `${sample[1]}${sample[2] ?? ""}`;
    assert.ok(!values.has(key), `twice: ${key}`);
    assert.ok(!Number.isNaN(Number(sample[3])), line);
    values.set(key, Number(sample[3]));
  }
  for (const [name, type] of types) {
    if (type === "counter") assert.match(name, /_total$/, `counter ${name}`);
    assert.match(name, /^(?:kubetail_agent|process)_/);
  }
  return values;
}

const ended = (fields: Partial<CallFacts>): AgentEvent => ({
  type: "call-ended",
  method: FORWARD,
  code: "OK",
  identity: "user:alice",
  namespaces: ["team-a"],
  records: 1,
  bytes: 1,
  milliseconds: 20,
  ...fields,
});

Deno.test("every event moves its metric", () => {
  const values = series([
    { type: "call-started", method: FORWARD },
    { type: "call-started", method: FORWARD },
    { type: "call-started", method: "cluster_agent.LogMetadataService/List" },
    ended({}),
    ended({
      method: "cluster_agent.LogMetadataService/List",
      code: "NOT_FOUND",
      milliseconds: 700,
    }),
    { type: "scanned", bytes: 1000, records: 10, malformed: 2, seconds: 0.003 },
    { type: "scanned", bytes: 500, records: 5, malformed: 0, seconds: 0.001 },
    { type: "sent", bytes: 700 },
    { type: "review", verdict: "allowed", seconds: 0.004 },
    { type: "review", verdict: "denied", seconds: 0.004 },
    { type: "review", verdict: "error", seconds: 9 },
    { type: "review-cached" },
    { type: "followers", change: 1 },
    { type: "followers", change: 1 },
    { type: "followers", change: -1 },
    { type: "watchers", change: 1 },
    { type: "followed-files", count: 4 },
    { type: "rotation" },
    { type: "truncated", bytes: 99, path: "/x", cause: "truncated" },
    { type: "workers", count: 2 },
    { type: "worker-replaced", reason: "stuck" },
    { type: "certificate", state: "loaded", notAfterMs: 1_800_000_000_000 },
    { type: "certificate", state: "kept", notAfterMs: 1_800_000_000_000, problem: "x" },
    { type: "notice", level: "info", text: "x" },
  ]);
  const agent = (name: string) => values.get(`kubetail_agent_${name}`);
  assert.equal(agent(`calls_total{method="${FORWARD}",code="OK"}`), 1);
  assert.equal(
    agent('calls_total{method="cluster_agent.LogMetadataService/List",code="NOT_FOUND"}'),
    1,
  );
  assert.equal(agent(`open_streams{method="${FORWARD}"}`), 1);
  assert.equal(agent(`call_seconds_bucket{method="${FORWARD}",le="0.005"}`), 0);
  assert.equal(agent(`call_seconds_bucket{method="${FORWARD}",le="0.025"}`), 1);
  assert.equal(agent(`call_seconds_bucket{method="${FORWARD}",le="+Inf"}`), 1);
  assert.equal(agent(`call_seconds_sum{method="${FORWARD}"}`), 0.02);
  assert.equal(agent("records_total"), 15);
  assert.equal(agent("read_bytes_total"), 1500);
  assert.equal(agent("sent_bytes_total"), 700);
  assert.equal(agent("malformed_lines_total"), 2);
  assert.equal(agent("scan_seconds_sum"), 0.004);
  assert.equal(agent("scan_seconds_count"), 2);
  assert.equal(agent('scan_seconds_bucket{le="0.002"}'), 1);
  for (const verdict of ["allowed", "denied", "error"]) {
    assert.equal(agent(`reviews_total{verdict="${verdict}"}`), 1);
  }
  assert.equal(agent("review_seconds_count"), 3);
  assert.equal(agent('review_seconds_bucket{le="5"}'), 2);
  assert.equal(agent("review_cache_hits_total"), 1);
  assert.equal(agent("followers"), 1);
  assert.equal(agent("watchers"), 1);
  assert.equal(agent("followed_files"), 4);
  assert.equal(agent("rotations_total"), 1);
  assert.equal(agent("truncations_total"), 1);
  assert.equal(agent("truncated_bytes_total"), 99);
  assert.equal(agent("workers"), 2);
  assert.equal(agent('workers_replaced_total{reason="stuck"}'), 1);
  assert.equal(agent('certificate_loads_total{state="kept"}'), 1);
  assert.equal(agent("certificate_expiry_timestamp_seconds"), 1_800_000_000);
});

Deno.test("counters exist from the start, at zero; the process reports its own metrics", () => {
  const values = series([]);
  for (
    const name of [
      "records_total",
      "read_bytes_total",
      "sent_bytes_total",
      "malformed_lines_total",
      "rotations_total",
      "truncated_bytes_total",
      "followers",
      'reviews_total{verdict="error"}',
      `calls_total{method="${FORWARD}",code="OK"}`,
    ]
  ) assert.equal(values.get(`kubetail_agent_${name}`), 0, name);
  assert.ok([...values.keys()].some((key) => /build_info\{version="1\.2\.3",deno="\d/.test(key)));
  assert.ok((values.get("process_resident_memory_bytes") ?? 0) > 10_000_000);
  assert.ok((values.get("process_cpu_seconds_total") ?? 0) > 0);
  assert.equal(values.get("process_start_time_seconds"), performance.timeOrigin / 1000);
});

Deno.test("no caller can make a series: unknown methods share one, nothing is labelled by pod or user", () => {
  const events = Array.from({ length: 1000 }, (_, index) => [
    { type: "call-started", method: `evil.Service${index}/Stream` } as const,
    ended({
      method: `evil.Service${index}/Stream`,
      identity: `user:${index}`,
      code: "UNIMPLEMENTED",
    }),
  ]).flat();
  const before = series([]);
  const after = series(events);
  assert.equal(after.get('kubetail_agent_calls_total{method="other",code="UNIMPLEMENTED"}'), 1000);
  // One counter, and one histogram with its buckets, sum and count.
  assert.ok(after.size - before.size < 16, `${after.size - before.size} more series`);
});

Deno.test("a snapshot is for the status page", () => {
  const metrics = createMetrics({ version: "1.2.3", isReady: () => true });
  try {
    assert.equal(metrics.snapshot().certificateExpiresMs, null);
    metrics.report({ type: "sent", bytes: 5000 });
    metrics.report({ type: "call-started", method: FORWARD });
    metrics.report({ type: "certificate", state: "loaded", notAfterMs: 1_800_000_000_000 });
    const facts = metrics.snapshot();
    assert.equal(facts.version, "1.2.3");
    assert.equal(facts.openStreams, 1);
    assert.equal(facts.sentBytes, 5000);
    assert.equal(facts.certificateExpiresMs, 1_800_000_000_000);
    assert.equal(facts.sentPerSecond.reduce((sum, rate) => sum + rate, 0), 1000);
  } finally {
    metrics.close();
  }
});

Deno.test("label values and help are escaped as Prometheus reads them", () => {
  const value = new Value("gauge", "x", "a\nb \\ c");
  value.set(1, { path: 'a"b\\c\nd' });
  assert.equal(
    value.render(),
    '# HELP x a\\nb \\\\ c\n# TYPE x gauge\nx{path="a\\"b\\\\c\\nd"} 1\n',
  );
});

Deno.test("the first error with a code is an increase: its series exists from the start", () => {
  const kinds: Record<FailureKind, true> = {
    "invalid-argument": true,
    "unauthenticated": true,
    "permission-denied": true,
    "not-found": true,
    "resource-exhausted": true,
    "cancelled": true,
    "unavailable": true,
    "internal": true,
  };
  const values = series([]);
  for (const kind of Object.keys(kinds) as FailureKind[]) {
    const code = statusName(toStatus(new Failure(kind, "")).code);
    assert.equal(
      values.get(`kubetail_agent_calls_total{method="${FORWARD}",code="${code}"}`),
      0,
      code,
    );
  }
});

Deno.test("readiness is asked for whenever the metrics are read", () => {
  let isReady = false;
  const metrics = createMetrics({ version: "1.2.3", isReady: () => isReady });
  try {
    assert.equal(parse(metrics.render()).get("kubetail_agent_ready"), 0);
    isReady = true;
    assert.equal(parse(metrics.render()).get("kubetail_agent_ready"), 1);
  } finally {
    metrics.close();
  }
});

Deno.test("histogram buckets count what is at most their bound, and add up", () => {
  const histogram = new Histogram("h", "help", [1, 2]);
  for (const value of [0.5, 1, 1.5, 2, 3]) histogram.observe(value);
  assert.equal(
    histogram.render(),
    '# HELP h help\n# TYPE h histogram\nh_bucket{le="1"} 2\nh_bucket{le="2"} 4\n' +
      'h_bucket{le="+Inf"} 5\nh_sum 8\nh_count 5\n',
  );
});

Deno.test("throughput: slots by the clock, old ones forgotten, pauses are zero", () => {
  let now = 1_000_000;
  const throughput = new Throughput({ slotMs: 1000, slots: 4, now: () => now });
  throughput.add(10);
  now += 1000;
  throughput.add(20);
  throughput.add(1);
  assert.deepEqual(throughput.perSecond(), [0, 0, 10, 21]);
  now += 2000;
  throughput.add(5);
  assert.deepEqual(throughput.perSecond(), [10, 21, 0, 5]);
  now += 1000;
  assert.deepEqual(throughput.perSecond(), [21, 0, 5, 0]);
  now += 1_000_000;
  assert.deepEqual(throughput.perSecond(), [0, 0, 0, 0]);
  throughput.add(7);
  assert.deepEqual(throughput.perSecond(), [0, 0, 0, 7]);
});
