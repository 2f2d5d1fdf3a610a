import { silent } from "../../src/telemetry/events.ts";
import { defaults } from "../../src/config/schema.ts";
import assert from "node:assert/strict";
import { credentials, Server, ServerCredentials } from "@grpc/grpc-js";
import {
  ServerReflectionClient,
  type ServerReflectionResponse,
  ServerReflectionService,
} from "../../src/generated/grpc/reflection.ts";
import { CallLimits } from "../../src/rpc/call_limits.ts";
import { Calls } from "../../src/rpc/calls.ts";
import { type Descriptors, reflectionService } from "../../src/rpc/reflection_service.ts";
import type { AgentEvent } from "../../src/telemetry/events.ts";

const empty: Descriptors = {
  services: ["a.Service"],
  byFileName: () => null,
  bySymbol: () => null,
  isMessage: () => false,
};

/** A server with only reflection, and a client for it. */
async function serveReflection(load: () => Promise<Descriptors>) {
  const events: AgentEvent[] = [];
  const unused = () => Promise.reject(new Error("reflection needs no identity"));
  const calls = new Calls({
    authorizer: {
      identify: () => assert.fail(),
      userKey: unused,
      authorize: unused,
      recheck: unused,
    },
    limits: new CallLimits(defaults.limits, silent, () => {}),
    report: (event) => events.push(event),
  });
  const server = new Server();
  server.addService(ServerReflectionService, reflectionService(calls, load));
  const port = await new Promise<number>((resolve, reject) =>
    server.bindAsync(
      "127.0.0.1:0",
      ServerCredentials.createInsecure(),
      (error, port) => error ? reject(error) : resolve(port),
    )
  );
  const client = new ServerReflectionClient(`127.0.0.1:${port}`, credentials.createInsecure());
  return {
    events,
    client,
    [Symbol.dispose]() {
      client.close();
      server.forceShutdown();
    },
  };
}

async function listServices(client: ServerReflectionClient): Promise<string[]> {
  const call = client.serverReflectionInfo();
  call.write({ host: "", list_services: "" });
  call.end();
  const names: string[] = [];
  for await (const response of call as AsyncIterable<ServerReflectionResponse>) {
    for (const { name } of response.list_services_response?.service ?? []) names.push(name);
  }
  return names;
}

Deno.test("reflection: an error while descriptors load ends that call, and the next one loads again", async () => {
  let attempts = 0;
  using served = await serveReflection(() => {
    attempts++;
    return attempts === 1 ? Promise.reject(new Error("no memory")) : Promise.resolve(empty);
  });
  await assert.rejects(listServices(served.client), { code: 13, details: "Internal error" });
  assert.deepEqual(await listServices(served.client), ["a.Service"]);
  assert.equal(attempts, 2);
  const ends = served.events.filter((event) => event.type === "call-ended");
  assert.deepEqual(ends.map(({ code, error }) => [code, error]), [
    ["INTERNAL", "Error: no memory"],
    ["OK", undefined],
  ]);
});

Deno.test("reflection: a client that disconnects during its requests ends the call", async () => {
  const loading = Promise.withResolvers<void>();
  using served = await serveReflection(() => {
    loading.resolve();
    return Promise.resolve(empty);
  });
  const call = served.client.serverReflectionInfo();
  call.on("error", () => {});
  call.write({ host: "", list_services: "" });
  await loading.promise;
  call.cancel();
  while (!served.events.some((event) => event.type === "call-ended")) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  assert.ok(
    served.events.some((event) => event.type === "call-ended" && event.code === "CANCELLED"),
  );
});

Deno.test("reflection: thousands of requests on one call are answered in order", async () => {
  using served = await serveReflection(() => Promise.resolve(empty));
  const call = served.client.serverReflectionInfo();
  const count = 2000;
  const hosts: string[] = [];
  call.on("data", (response: ServerReflectionResponse) => hosts.push(response.valid_host));
  const ended = new Promise((resolve, reject) => call.on("end", resolve).on("error", reject));
  for (let i = 0; i < count; i++) call.write({ host: String(i), list_services: "" });
  call.end();
  await ended;
  assert.deepEqual(hosts, Array.from({ length: count }, (_, i) => String(i)));
});
