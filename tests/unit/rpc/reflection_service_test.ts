import assert from "node:assert/strict";
import { PassThrough } from "node:stream";
import { Metadata, type ServerDuplexStream } from "@grpc/grpc-js";
import { defaults } from "../../../src/config/schema.ts";
import type {
  ServerReflectionRequest,
  ServerReflectionResponse,
} from "../../../src/generated/grpc/reflection.ts";
import { CallLimits } from "../../../src/rpc/call_limits.ts";
import { Calls } from "../../../src/rpc/calls.ts";
import { type Descriptors, reflectionService } from "../../../src/rpc/reflection_service.ts";

/** Both directions of a call: the test writes requests and collects responses. */
class FakeCall extends PassThrough {
  cancelled = false;
  readonly metadata = new Metadata();
  readonly responses: ServerReflectionResponse[] = [];
  /** Whether the client reads. */
  reads = true;
  readonly #ended = Promise.withResolvers<unknown>();
  readonly ended = this.#ended.promise;
  onResponse = () => {};
  constructor() {
    super({ objectMode: true });
    this.on("error", (status) => this.#ended.resolve(status));
  }
  getDeadline = () => Infinity;
  getAuthContext = () => ({});
  ask(request: Partial<ServerReflectionRequest>): void {
    super.write({ host: "h", ...request });
  }
  askedAll(): void {
    super.end();
  }
  override write(response: unknown): boolean {
    this.responses.push(response as ServerReflectionResponse);
    this.onResponse();
    return this.reads;
  }
  override end(): this {
    this.#ended.resolve("OK");
    return this;
  }
}

function start(load?: () => Promise<Descriptors>): FakeCall {
  const nobody = () => assert.fail("reflection needs no identity");
  const calls = new Calls({
    limits: new CallLimits(defaults.limits, () => {}, () => {}),
    report: () => {},
    authorizer: { identify: nobody, userKey: nobody, authorize: nobody, recheck: nobody },
  });
  const service = load === undefined ? reflectionService(calls) : reflectionService(calls, load);
  const call = new FakeCall();
  service.serverReflectionInfo(
    call as unknown as ServerDuplexStream<ServerReflectionRequest, ServerReflectionResponse>,
  );
  return call;
}

/** The responses to requests, and whether the call ended well. */
async function ask(...requests: Partial<ServerReflectionRequest>[]) {
  const call = start();
  for (const request of requests) call.ask(request);
  call.askedAll();
  assert.equal(await call.ended, "OK");
  return call.responses;
}

const RECORDS = "cluster_agent.LogRecordsService";

Deno.test("reflection: all services by name", async () => {
  const [response] = await ask({ list_services: "" });
  const names = response?.list_services_response?.service.map(({ name }) => name) ?? [];
  for (const name of [RECORDS, "cluster_agent.LogMetadataService", "grpc.health.v1.Health"]) {
    assert.ok(names.includes(name), name);
  }
  assert.equal(response?.valid_host, "h");
});

const found: readonly Partial<ServerReflectionRequest>[] = [
  { file_containing_symbol: RECORDS },
  { file_containing_symbol: `${RECORDS}.StreamForward` },
  { file_containing_symbol: "cluster_agent.LogRecord" },
  { file_by_filename: "google/protobuf/timestamp.proto" },
];
for (const request of found) {
  Deno.test(`reflection: a file by ${JSON.stringify(request)}`, async () => {
    const [response] = await ask(request);
    const files = response?.file_descriptor_response?.file_descriptor_proto ?? [];
    assert.ok(files.length > 0 && files.every(({ length }) => length > 0));
  });
}

Deno.test("reflection: a file comes with all that it imports", async () => {
  const [response] = await ask({ file_containing_symbol: RECORDS });
  const files = response?.file_descriptor_response?.file_descriptor_proto ?? [];
  const texts = files.map((file) => new TextDecoder().decode(file));
  assert.ok(texts.some((text) => text.includes("google/protobuf/timestamp.proto")));
  assert.ok(files.length > 1);
});

const missing: readonly { readonly request: Partial<ServerReflectionRequest>; code: number }[] = [
  { request: { file_containing_symbol: "no.Such" }, code: 5 },
  { request: { file_containing_symbol: `${RECORDS}.NoSuchMethod` }, code: 5 },
  { request: { file_by_filename: "no/such.proto" }, code: 5 },
  { request: { all_extension_numbers_of_type: "no.Such" }, code: 5 },
  {
    request: { file_containing_extension: { containing_type: "a.B", extension_number: 1 } },
    code: 5,
  },
  { request: {}, code: 3 },
];
for (const { request, code } of missing) {
  Deno.test(`reflection: ${JSON.stringify(request)} is answered with an error, and the call continues`, async () => {
    const [first, second] = await ask(request, { list_services: "" });
    assert.equal(first?.error_response?.error_code, code);
    assert.ok((second?.list_services_response?.service.length ?? 0) > 0);
  });
}

Deno.test("reflection: descriptors that could not be loaded are loaded again by the next call", async () => {
  let loads = 0;
  const descriptors: Descriptors = {
    services: ["a.B"],
    byFileName: () => null,
    bySymbol: () => null,
    isMessage: () => false,
  };
  const nobody = () => assert.fail("reflection needs no identity");
  const calls = new Calls({
    limits: new CallLimits(defaults.limits, () => {}, () => {}),
    report: () => {},
    authorizer: { identify: nobody, userKey: nobody, authorize: nobody, recheck: nobody },
  });
  const service = reflectionService(
    calls,
    () => ++loads === 1 ? Promise.reject(new Error("no memory")) : Promise.resolve(descriptors),
  );
  const begin = () => {
    const call = new FakeCall();
    service.serverReflectionInfo(
      call as unknown as ServerDuplexStream<ServerReflectionRequest, ServerReflectionResponse>,
    );
    call.ask({ list_services: "" });
    call.askedAll();
    return call;
  };
  const first = begin();
  assert.equal((await first.ended as { code: number }).code, 13);
  const second = begin();
  assert.equal(await second.ended, "OK");
  begin();
  assert.equal(loads, 2);
  assert.equal(second.responses.length, 1);
});

Deno.test("reflection: a client that does not read is answered no further until it does", async () => {
  const call = start();
  call.reads = false;
  const one = new Promise<void>((resolve) => call.onResponse = resolve);
  for (let index = 0; index < 10; index++) call.ask({ list_services: "" });
  await one;
  await new Promise((resolve) => setImmediate(resolve));
  assert.equal(call.responses.length, 1);
  call.reads = true;
  call.askedAll();
  call.emit("drain");
  assert.equal(await call.ended, "OK");
  assert.equal(call.responses.length, 10);
});
