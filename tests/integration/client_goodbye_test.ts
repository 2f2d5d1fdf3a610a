import assert from "node:assert/strict";
import * as grpc from "@grpc/grpc-js";
import { LogMetadataServiceClient } from "../../src/generated/cluster_agent.ts";
import { answer } from "../harness/calls.ts";
import { startProcess } from "../harness/process.ts";

Deno.test("denoland/deno#36788: a client that closes its connection after hundreds of calls does not crash the agent", async () => {
  await using agent = await startProcess();
  const credentials = grpc.credentials.createSsl(
    Buffer.from(agent.authority.cert),
    Buffer.from(agent.client.key),
    Buffer.from(agent.client.cert),
  );
  // Without the workaround, the process crashes after these rounds in two of three runs.
  for (let round = 0; round < 5; round++) {
    const client = new LogMetadataServiceClient(`localhost:${agent.port}`, credentials, {
      "grpc.use_local_subchannel_pool": 1,
    });
    let count = 0;
    const lane = async () => {
      while (count++ < 300) {
        const { code } = await answer((callback) => client.list({ namespaces: [] }, callback));
        assert.equal(code, "OK", `round ${round}, call ${count}`);
      }
    };
    await Promise.all(Array.from({ length: 16 }, lane));
    client.close();
  }
  agent.kill("SIGTERM");
  assert.equal(await agent.ended, 0);
});
