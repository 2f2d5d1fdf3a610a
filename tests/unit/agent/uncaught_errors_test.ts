import assert from "node:assert/strict";
import process from "node:process";
import { reportUncaughtErrors } from "../../../src/agent/uncaught_errors.ts";
import type { AgentEvent } from "../../../src/telemetry/events.ts";

/** The reports of errors that Node's process emits; emitted here, so that no other handler sees them. */
function reported(emit: () => void): AgentEvent[] {
  const events: AgentEvent[] = [];
  using _reporting = reportUncaughtErrors((event) => events.push(event));
  emit();
  return events;
}

Deno.test("an error is reported with its kind, its message and the first place of its stack", () => {
  const [event] = reported(() => process.emit("uncaughtException", new RangeError("too far")));
  assert.ok(event?.type === "uncaught-error");
  assert.equal(event.kind, "exception");
  assert.equal(event.error, "RangeError: too far");
  assert.match(event.at, /^at .*uncaught_errors_test\.ts/);
});

Deno.test("a multi-line message is not a location", () => {
  const error = new Error("first\n    at nowhere real");
  error.stack = "Error: first\n    at nowhere real\n    at f (file.ts:1:2)";
  const [event] = reported(() => process.emit("uncaughtException", error));
  assert.ok(event?.type === "uncaught-error");
  assert.match(event.at, /^at /);
});

Deno.test("a thrown value other than an error is reported as it is", () => {
  const [event] = reported(() =>
    process.emit("unhandledRejection", "only words", Promise.resolve())
  );
  assert.deepEqual(event, {
    type: "uncaught-error",
    kind: "rejection",
    error: "only words",
    at: "unknown",
  });
});

Deno.test("a value that cannot be shown as text is reported too: the handler itself must not fail", () => {
  const [event] = reported(() => process.emit("uncaughtException", Object.create(null)));
  assert.ok(event?.type === "uncaught-error");
  assert.equal(event.error, "something that cannot be shown as text");
});

Deno.test("the platform's way is back afterwards", () => {
  const count = () =>
    process.listenerCount("uncaughtException") + process.listenerCount("unhandledRejection");
  const before = count();
  reported(() => assert.equal(count(), before + 2));
  assert.equal(count(), before);
});
