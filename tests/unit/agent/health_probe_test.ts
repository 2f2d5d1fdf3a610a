import assert from "node:assert/strict";
import { healthProblem } from "../../../src/agent/health_probe.ts";
import { type Config, defaults } from "../../../src/config/schema.ts";
import { startTelemetry } from "../../../src/telemetry/http.ts";

function configured(addr: string, telemetryAddr: string): Config {
  return {
    ...defaults,
    addr,
    tls: { ...defaults.tls, enabled: false },
    telemetry: { ...defaults.telemetry, addr: telemetryAddr },
  };
}

/** The result of the probe for an agent with a telemetry port on all addresses. */
async function probe(readiness: readonly string[], address: (port: number) => string) {
  const server = await startTelemetry({
    address: { host: "127.0.0.1", port: 0 },
    metrics: null,
    readiness: () => readiness,
    statusPage: () => Promise.resolve(""),
    statusPageFor: "loopback",
  });
  try {
    return await healthProblem(
      configured("127.0.0.1:0", address(server.port)),
      AbortSignal.timeout(60_000),
    );
  } finally {
    await server.close();
  }
}

Deno.test("an agent is healthy if its telemetry port says so", async () => {
  assert.equal(await probe([], (port) => `127.0.0.1:${port}`), null);
  assert.equal(await probe([], (port) => `:${port}`), null, "all addresses");
  assert.equal(await probe([], (port) => `0.0.0.0:${port}`), null);
});

Deno.test("an agent that is not ready says why", async () => {
  const problem = await probe(["no folder", "no key"], (port) => `127.0.0.1:${port}`);
  assert.equal(problem, "no folder\nno key");
});

Deno.test("a port that only the agent knows cannot be asked", async () => {
  const { signal } = new AbortController();
  for (
    const [config, key] of [
      [configured("127.0.0.1:1", "127.0.0.1:0"), "telemetry.addr"],
      [configured("127.0.0.1:0", ""), "addr"],
    ] as const
  ) {
    assert.equal(
      await healthProblem(config, signal),
      `${key} has port 0, so only the agent itself knows the port. Set a port`,
    );
  }
});

Deno.test("if nothing listens, the probe rejects, by either method", async () => {
  const taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = taken.addr;
  taken.close();
  const { signal } = new AbortController();
  await assert.rejects(healthProblem(configured("x:1", `:${port}`), signal), /ECONNREFUSED/);
  await assert.rejects(healthProblem(configured(`127.0.0.1:${port}`, ""), signal), /ECONNREFUSED/);
});
