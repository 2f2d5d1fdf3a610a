import assert from "node:assert/strict";
import { setUpTelemetry } from "../../../src/agent/telemetry_setup.ts";
import { type Config, defaults } from "../../../src/config/schema.ts";
import type { AgentEvent } from "../../../src/telemetry/events.ts";

function configured(addr: string, overrides: Partial<Config["telemetry"]> = {}): Config {
  return { ...defaults, telemetry: { ...defaults.telemetry, addr, ...overrides } };
}

Deno.test("every event reaches the log, the metrics and other receivers", async () => {
  const lines: string[] = [];
  const events: AgentEvent[] = [];
  await using telemetry = await setUpTelemetry(configured("127.0.0.1:0"), {
    readiness: () => [],
    report: (event) => events.push(event),
    write: (line) => lines.push(line),
  });
  const notice = { type: "notice", level: "warn", text: "look here" } as const;
  telemetry.report(notice);
  telemetry.report({ type: "rotation" });
  assert.deepEqual(events, [notice, { type: "rotation" }]);
  assert.match(lines.join(), /look here/);
  const metrics = await (await fetch(`http://127.0.0.1:${telemetry.port}/metrics`)).text();
  assert.match(metrics, /rotations\w* 1\n/);
});

Deno.test("the status page is there at the first look, with incidents for this host", async () => {
  await using telemetry = await setUpTelemetry(configured("127.0.0.1:0"), {
    readiness: () => ["no folder"],
    write: () => {},
  });
  telemetry.report({ type: "notice", level: "warn", text: "look here" });
  const page = await (await fetch(`http://127.0.0.1:${telemetry.port}/`)).text();
  assert.match(page, /Not ready[\s\S]*no folder[\s\S]*look here/);
});

Deno.test("without an address there is no port", async () => {
  await using telemetry = await setUpTelemetry(configured(""), {
    readiness: () => [],
    write: () => {},
  });
  assert.equal(telemetry.port, null);
  assert.equal(telemetry.listener, null);
});

Deno.test("an address in use is named by its key", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const addr = `127.0.0.1:${taken.addr.port}`;
  await assert.rejects(
    setUpTelemetry(configured(addr), { readiness: () => [], write: () => {} }),
    new RegExp(`^Error: Cannot listen on telemetry\\.addr ${addr}: `),
  );
});
