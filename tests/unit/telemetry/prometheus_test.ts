import assert from "node:assert/strict";
import { Histogram, Value } from "../../../src/telemetry/prometheus.ts";

Deno.test("a counter: one line for each set of labels, escaped", () => {
  const value = new Value("counter", "x_total", "Two\nlines \\.");
  value.add(1, { name: 'a"b\\c\nd' });
  value.add(2, { name: 'a"b\\c\nd' });
  value.set(5);
  assert.equal(
    value.render(),
    "# HELP x_total Two\\nlines \\\\.\n# TYPE x_total counter\n" +
      'x_total{name="a\\"b\\\\c\\nd"} 3\nx_total 5\n',
  );
  assert.equal(value.total(), 8);
  assert.equal(value.get({ name: "other" }), 0);
});

Deno.test("a histogram counts up to each bound, cumulatively", () => {
  const histogram = new Histogram("x_seconds", "Time.", [1, 2]);
  for (const observed of [0.5, 1, 1.5, 9]) histogram.observe(observed, { rpc: "List" });
  assert.deepEqual(histogram.render().split("\n").slice(2), [
    'x_seconds_bucket{rpc="List",le="1"} 2',
    'x_seconds_bucket{rpc="List",le="2"} 3',
    'x_seconds_bucket{rpc="List",le="+Inf"} 4',
    'x_seconds_sum{rpc="List"} 12',
    'x_seconds_count{rpc="List"} 4',
    "",
  ]);
});
