import assert from "node:assert/strict";
import type { AgentEvent, CallFacts } from "../../../src/telemetry/events.ts";
import { createRecent } from "../../../src/telemetry/recent.ts";

function ended(facts: Partial<CallFacts>): AgentEvent {
  return {
    type: "call-ended",
    method: "cluster_agent.LogRecordsService/StreamForward",
    code: "OK",
    identity: "user:alice",
    namespaces: ["default"],
    records: 0,
    bytes: 0,
    milliseconds: 1,
    ...facts,
  };
}

Deno.test("failed calls are kept, the last first, but not cancelled ones and health checks", () => {
  const recent = createRecent(() => new Date(5000));
  recent.report(ended({}));
  recent.report(ended({ code: "CANCELLED" }));
  recent.report(ended({ code: "UNAVAILABLE", method: "grpc.health.v1.Health/Check" }));
  recent.report(ended({ code: "NOT_FOUND", error: "no such log" }));
  recent.report(ended({ code: "PERMISSION_DENIED", error: "denied", identity: "" }));
  assert.deepEqual(recent.failedCalls(), [
    {
      atMs: 5000,
      times: 1,
      text: "PERMISSION_DENIED: denied",
      detail: "StreamForward of default",
    },
    {
      atMs: 5000,
      times: 1,
      text: "NOT_FOUND: no such log",
      detail: "StreamForward of default by user:alice",
    },
  ]);
  assert.deepEqual(recent.warnings(), []);
});

Deno.test("warnings and errors are kept, information is not", () => {
  const recent = createRecent();
  recent.report({ type: "notice", level: "info", text: "serving" });
  recent.report({ type: "notice", level: "warn", text: "odd", fields: { path: "/x" } });
  recent.report({ type: "truncated", bytes: 5, path: "/y", cause: "truncated" });
  assert.deepEqual(recent.warnings().map(({ text, detail }) => [text, detail]), [
    ["a log was truncated before all of it was read", "path /y, bytes 5"],
    ["odd", "path /x"],
  ]);
});

Deno.test("a flood of one failure does not hide the others, and memory stays bounded", () => {
  const recent = createRecent();
  recent.report(ended({ code: "INTERNAL", error: "first" }));
  for (let i = 0; i < 1000; i++) recent.report(ended({ code: "NOT_FOUND", error: "same" }));
  assert.deepEqual(recent.failedCalls().map(({ text, times }) => [text, times]), [
    ["NOT_FOUND: same", 1000],
    ["INTERNAL: first", 1],
  ]);
  for (let i = 0; i < 1000; i++) {
    recent.report(ended({ code: "NOT_FOUND", error: `${i} ${"x".repeat(10_000)}` }));
  }
  assert.equal(recent.failedCalls().length, 10);
  assert.ok(recent.failedCalls().every(({ text }) => text.length <= 301));
});
