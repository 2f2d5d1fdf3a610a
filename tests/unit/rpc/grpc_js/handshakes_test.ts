import assert from "node:assert/strict";
import { reportHandshakes } from "../../../../src/rpc/grpc_js/handshakes.ts";
import type { AgentEvent } from "../../../../src/telemetry/events.ts";
import { FakeGrpcServer } from "../../../harness/fake_http2.ts";

Deno.test("handshakes: a failed one is reported at debug, with its reason", () => {
  const fake = new FakeGrpcServer();
  const events: AgentEvent[] = [];
  reportHandshakes(fake.server, (event) => events.push(event));
  fake.bind();
  fake.source.emit("tlsClientError", new Error("certificate unknown"));
  assert.deepEqual(events, [{
    type: "notice",
    level: "debug",
    text: "a TLS handshake failed",
    fields: { why: "certificate unknown" },
  }]);
});
