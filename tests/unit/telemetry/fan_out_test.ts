import assert from "node:assert/strict";
import type { AgentEvent } from "../../../src/telemetry/events.ts";
import { fanOut } from "../../../src/telemetry/fan_out.ts";

Deno.test("every event goes to every report, in order", () => {
  const seen: string[] = [];
  const report = fanOut(
    (event) => seen.push(`first ${event.type}`),
    (event) => seen.push(`second ${event.type}`),
  );
  const event: AgentEvent = { type: "notice", level: "info", text: "hello" };
  report(event);
  assert.deepEqual(seen, ["first notice", "second notice"]);
});
