import assert from "node:assert/strict";
import {
  type HealthCheckResponse,
  HealthCheckResponse_ServingStatus,
} from "../../../src/generated/grpc/health.ts";
import { startAgent } from "../../harness/agent.ts";
import { answer } from "../../harness/calls.ts";

Deno.test("health returns SERVING for the agent and its services, NOT_FOUND for others", async () => {
  await using agent = await startAgent();
  const check = (service: string) =>
    answer<HealthCheckResponse>((done) => agent.health().check({ service }, done));
  for (
    const service of [
      "",
      "cluster_agent.LogMetadataService",
      "cluster_agent.LogRecordsService",
    ]
  ) {
    const { response } = await check(service);
    assert.equal(response?.status, HealthCheckResponse_ServingStatus.SERVING, service);
  }
  assert.equal((await check("nothing")).code, "NOT_FOUND");
});
