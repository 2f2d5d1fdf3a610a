import assert from "node:assert/strict";
import { loadTraces, noTraces, parseTraceparent } from "../../../src/telemetry/traces.ts";

const TRACE = "0af7651916cd43dd8448eb211c80319c";
const SPAN = "b7ad6b7169203331";

Deno.test("traceparent: the forms of W3C Trace Context", () => {
  const parsed = { traceId: TRACE, spanId: SPAN, traceFlags: 1 };
  assert.deepEqual(parseTraceparent(`00-${TRACE}-${SPAN}-01`), parsed);
  assert.deepEqual(parseTraceparent(` 00-${TRACE}-${SPAN}-03 `), parsed);
  assert.deepEqual(parseTraceparent(`00-${TRACE}-${SPAN}-00`), { ...parsed, traceFlags: 0 });
  // A later version may have more parts.
  assert.deepEqual(parseTraceparent(`cc-${TRACE}-${SPAN}-01-what-the-future-brings`), parsed);
  for (
    const text of [
      "",
      "garbage",
      `00-${TRACE}-${SPAN}`,
      `00-${TRACE}-${SPAN}-01-more`,
      `ff-${TRACE}-${SPAN}-01`,
      `00-${"0".repeat(32)}-${SPAN}-01`,
      `00-${TRACE}-${"0".repeat(16)}-01`,
      `00-${TRACE.toUpperCase()}-${SPAN}-01`,
      `00-${TRACE}-${SPAN}-01\n00-${TRACE}-${SPAN}-01`,
    ]
  ) assert.equal(parseTraceparent(text), null, text);
});

Deno.test("traces are off and cost nothing unless OTEL_DENO turns them on", async () => {
  assert.equal(Deno.env.get("OTEL_DENO"), undefined);
  const start = await loadTraces({ version: "1.2.3" });
  assert.equal(start, noTraces);
  start("cluster_agent.LogMetadataService/List", undefined).end("OK");
});
