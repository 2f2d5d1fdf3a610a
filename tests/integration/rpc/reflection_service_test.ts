import * as grpc from "@grpc/grpc-js";
import assert from "node:assert/strict";
import type { ServerReflectionResponse } from "../../../src/generated/grpc/reflection.ts";
import { startAgent } from "../../harness/agent.ts";
import { drain } from "../../harness/calls.ts";

Deno.test("reflection names the services and gives the file of each", async () => {
  await using agent = await startAgent();
  const call = agent.reflection().serverReflectionInfo();
  const answers = drain<ServerReflectionResponse>(call);
  const ask = { host: "" };
  call.write({ ...ask, list_services: "" });
  call.write({ ...ask, file_containing_symbol: "cluster_agent.LogRecordsService" });
  call.write({ ...ask, file_by_filename: "nothing.proto" });
  call.end();
  const { messages: [services, file, missing], code } = await answers;
  assert.equal(code, "OK");
  assert.deepEqual(services?.list_services_response?.service.map(({ name }) => name).sort(), [
    "cluster_agent.LogMetadataService",
    "cluster_agent.LogRecordsService",
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
  ]);
  const descriptor = file?.file_descriptor_response?.file_descriptor_proto
    .map((bytes) => Buffer.from(bytes).toString("latin1")).join("");
  assert.match(descriptor ?? "", /cluster_agent\.proto/);
  assert.match(descriptor ?? "", /follow_from/);
  assert.equal(missing?.error_response?.error_code, grpc.status.NOT_FOUND);
});
