import assert from "node:assert/strict";
import type { AgentEvent } from "../../../src/telemetry/events.ts";
import { startTelemetry, type TelemetryOptions } from "../../../src/telemetry/http.ts";

async function ask(path: string, overrides: Partial<TelemetryOptions> = {}) {
  const events: AgentEvent[] = [];
  const server = await startTelemetry({
    address: { host: "127.0.0.1", port: 0 },
    metrics: () => "metric 1\n",
    readiness: () => [],
    statusPage: ({ isOnThisHost }) => Promise.resolve(`page ${isOnThisHost}`),
    statusPageFor: "always",
    report: (event) => events.push(event),
    ...overrides,
  });
  try {
    const response = await fetch(`http://127.0.0.1:${server.port}${path}`);
    return { status: response.status, body: await response.text(), events };
  } finally {
    await server.close();
  }
}

Deno.test("each path has its answer", async () => {
  assert.deepEqual(await ask("/livez"), { status: 200, body: "ok\n", events: [] });
  assert.deepEqual(await ask("/metrics"), { status: 200, body: "metric 1\n", events: [] });
  assert.deepEqual(await ask("/"), { status: 200, body: "page true", events: [] });
  assert.equal((await ask("/other")).status, 404);
});

Deno.test("an agent that is not ready says why", async () => {
  const { status, body } = await ask("/readyz", { readiness: () => ["no folder", "no key"] });
  assert.deepEqual([status, body], [503, "no folder\nno key\n"]);
});

Deno.test("metrics that are turned off are not there", async () => {
  assert.equal((await ask("/metrics", { metrics: null })).status, 404);
});

Deno.test("a page that cannot be loaded is reported with the reason, which the reader does not get", async () => {
  const { status, body, events } = await ask("/", {
    statusPage: () => Promise.reject(new Error("Cannot load module status_page")),
  });
  assert.deepEqual([status, body], [500, "internal error\n"]);
  assert.deepEqual(events, [{
    type: "notice",
    level: "error",
    text: "a request to telemetry.addr could not be answered",
    fields: { error: "Cannot load module status_page" },
  }]);
});

Deno.test("a port in use rejects", async () => {
  using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const address = { host: "127.0.0.1", port: taken.addr.port };
  await assert.rejects(ask("/", { address }), /EADDRINUSE/);
});
