import assert from "node:assert/strict";
import type { ServerUnaryCall, ServerWritableStream } from "@grpc/grpc-js";
import {
  type HealthCheckRequest,
  type HealthCheckResponse,
  HealthCheckResponse_ServingStatus as Serving,
} from "../../../src/generated/grpc/health.ts";
import { Calls } from "../../../src/rpc/calls.ts";
import { CallLimits } from "../../../src/rpc/call_limits.ts";
import { Health } from "../../../src/rpc/health_service.ts";
import { defaults } from "../../../src/config/schema.ts";
import { EventEmitter } from "node:events";
import { Metadata } from "@grpc/grpc-js";
import { turns } from "../../harness/fake_http2.ts";

class FakeCall extends EventEmitter {
  cancelled = false;
  readonly metadata = new Metadata();
  readonly written: Serving[] = [];
  ended: unknown = null;
  constructor(readonly request: HealthCheckRequest) {
    super();
    this.on("error", (status) => this.ended = status);
  }
  getDeadline = () => Infinity;
  getAuthContext = () => ({});
  write(response: HealthCheckResponse): boolean {
    this.written.push(response.status);
    return true;
  }
  end(): void {
    this.ended = "OK";
  }
}

function setUp() {
  const nobody = () => assert.fail("health needs no identity");
  const calls = new Calls({
    limits: new CallLimits(defaults.limits, () => {}, () => {}),
    report: () => {},
    authorizer: { identify: nobody, userKey: nobody, authorize: nobody, recheck: nobody },
  });
  const health = new Health(["a.B"]);
  const service = health.service(calls);
  const check = (name: string) =>
    new Promise<Serving | string>((resolve) => {
      const call = new FakeCall({ service: name });
      service.check(
        call as unknown as ServerUnaryCall<HealthCheckRequest, HealthCheckResponse>,
        (error, response) => resolve(response?.status ?? String(error?.code)),
      );
    });
  const watch = async (name: string) => {
    const call = new FakeCall({ service: name });
    service.watch(
      call as unknown as ServerWritableStream<HealthCheckRequest, HealthCheckResponse>,
    );
    await turns();
    return call;
  };
  return { health, calls, check, watch };
}

Deno.test("health: not serving until it is said, the same for every known service", async () => {
  const { health, check } = setUp();
  assert.equal(await check(""), Serving.NOT_SERVING);
  health.set(true);
  assert.deepEqual([await check(""), await check("a.B")], [Serving.SERVING, Serving.SERVING]);
  assert.equal(await check("unknown"), "5"); // NOT_FOUND
});

Deno.test("health: a watch reports the state at once, each change once, and unknown services", async () => {
  const { health, watch } = setUp();
  const [known, unknown] = [await watch("a.B"), await watch("unknown")];
  health.set(true);
  health.set(true);
  health.set(false);
  assert.deepEqual(known.written, [Serving.NOT_SERVING, Serving.SERVING, Serving.NOT_SERVING]);
  assert.deepEqual(new Set(unknown.written), new Set([Serving.SERVICE_UNKNOWN]));
});

Deno.test("health: a cancelled watch receives nothing more", async () => {
  const { health, watch } = setUp();
  const call = await watch("");
  call.emit("cancelled");
  await turns();
  health.set(true);
  assert.deepEqual(call.written, [Serving.NOT_SERVING]);
});

Deno.test("health: closing ends all watches; they delay no stop, and checks are answered meanwhile", async () => {
  const { health, calls, check, watch } = setUp();
  const watches = [await watch(""), await watch("a.B")];
  await calls.drain();
  assert.equal(await check(""), Serving.NOT_SERVING);
  assert.deepEqual(watches.map(({ ended }) => ended), [null, null]);
  health.close();
  await turns();
  assert.deepEqual(watches.map(({ ended }) => ended), ["OK", "OK"]);
});
