import assert from "node:assert/strict";
import { loadTraces, noTraces, parseTraceparent } from "../../../src/telemetry/traces.ts";

const trace = "0af7651916cd43dd8448eb211c80319c";
const span = "b7ad6b7169203331";

Deno.test("traceparent: the forms of W3C Trace Context", () => {
  const parsed = { traceId: trace, spanId: span, traceFlags: 1 };
  assert.deepEqual(parseTraceparent(`00-${trace}-${span}-01`), parsed);
  assert.deepEqual(parseTraceparent(` 00-${trace}-${span}-03 `), parsed);
  assert.deepEqual(parseTraceparent(`00-${trace}-${span}-00`), { ...parsed, traceFlags: 0 });
  // A later version may have more parts.
  assert.deepEqual(parseTraceparent(`cc-${trace}-${span}-01-what-the-future-brings`), parsed);
  for (
    const text of [
      "",
      "garbage",
      `00-${trace}-${span}`,
      `00-${trace}-${span}-01-more`,
      `ff-${trace}-${span}-01`,
      `00-${"0".repeat(32)}-${span}-01`,
      `00-${trace}-${"0".repeat(16)}-01`,
      `00-${trace.toUpperCase()}-${span}-01`,
      `00-${trace}-${span}-01\n00-${trace}-${span}-01`,
    ]
  ) assert.equal(parseTraceparent(text), null, text);
});

Deno.test("traces are off, and cost nothing, unless OTEL_DENO says otherwise", async () => {
  assert.equal(Deno.env.get("OTEL_DENO"), undefined);
  const start = await loadTraces({ version: "1.2.3" });
  assert.equal(start, noTraces);
  start("cluster_agent.LogMetadataService/List", undefined).end("OK");
});
