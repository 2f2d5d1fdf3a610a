import assert from "node:assert/strict";
import { createSeries, isStreaming, methodLabel } from "../../../src/telemetry/series.ts";

Deno.test("a caller cannot make series: methods that are not ours have one label together", () => {
  assert.equal(
    methodLabel("cluster_agent.LogMetadataService/List"),
    "cluster_agent.LogMetadataService/List",
  );
  assert.equal(methodLabel("cluster_agent.LogMetadataService/Lists"), "other");
  assert.equal(methodLabel(""), "other");
});

Deno.test("streaming methods are recognized by name", () => {
  assert.deepEqual(
    ["a.B/Watch", "a.B/StreamForward", "a.B/StreamBackward", "a.B/List", "a.B/Check", "other"].map(
      isStreaming,
    ),
    [true, true, true, false, false, false],
  );
});

Deno.test("metrics are named as Prometheus recommends, and explained in a sentence", () => {
  const text = createSeries().all.map((metric) => metric.render()).join("");
  const names = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)];
  assert.ok(names.length > 30);
  assert.equal(new Set(names.map(([, name]) => name)).size, names.length);
  for (const [, name = "", type] of names) {
    assert.match(name, /^(?:kubetail_agent|process)_[a-z_]+$/);
    assert.equal(name.endsWith("_total"), type === "counter", name);
    const help = new RegExp(`^# HELP ${name} (.*)$`, "m").exec(text)?.[1] ?? "";
    assert.match(help, /^[A-Z1].*\.$/, name);
  }
});

Deno.test("counters exist from the start, at 0, so a rate misses no first step", () => {
  const text = createSeries().all.map((metric) => metric.render()).join("");
  for (
    const line of [
      "records_total 0",
      'reviews_total{verdict="denied"} 0',
      'lost_bytes_total{cause="truncated"} 0',
    ]
  ) {
    assert.ok(text.includes(`kubetail_agent_${line}\n`), line);
  }
  const call =
    'calls_total{method="cluster_agent.LogRecordsService/StreamForward",code="INTERNAL"} 0';
  assert.ok(text.includes(`kubetail_agent_${call}\n`));
});
