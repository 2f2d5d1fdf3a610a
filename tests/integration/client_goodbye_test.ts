import assert from "node:assert/strict";
import * as grpc from "@grpc/grpc-js";
import { LogMetadataServiceClient } from "../../src/generated/cluster_agent.ts";
import { answer } from "../harness/calls.ts";

Deno.test("a client that says goodbye after hundreds of calls does not end the agent: GOAWAY corrupts memory", async () => {
  // In a process of its own: where it fails, it takes the process down.
  const agent = new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--quiet",
      "--no-check",
      "--unstable-worker-options",
      `--config=${new URL("../../deno.json", import.meta.url).pathname}`,
      new URL("rpc/agent_program.ts", import.meta.url).pathname,
    ],
    stdin: "piped",
    stdout: "piped",
  }).spawn();
  const output = agent.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { address, certificates } = JSON.parse((await output.read()).value ?? "");
  const file = (name: string) => Buffer.from(Deno.readFileSync(`${certificates}/${name}`));
  const credentials = grpc.credentials.createSsl(
    file("ca.crt"),
    file("client.key"),
    file("client.crt"),
  );

  // Without the remedy the process is gone after these rounds in two runs of three.
  for (let round = 0; round < 5; round++) {
    const client = new LogMetadataServiceClient(address, credentials, {
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

  await agent.stdin.close();
  assert.equal((await agent.status).code, 0);
  await output.cancel();
});
