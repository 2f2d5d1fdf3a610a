import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { Metadata } from "@grpc/grpc-js";
import { defaults } from "../../../src/config/schema.ts";
import { Authorizer } from "../../../src/auth/authorizer.ts";
import { Failure } from "../../../src/failure/failure.ts";
import { CallAuthorizer } from "../../../src/rpc/call_authorizer.ts";
import type { ServerCall } from "../../../src/rpc/running_call.ts";
import { silent } from "../../../src/telemetry/events.ts";

type AuthContext = ReturnType<ServerCall["getAuthContext"]>;

/** A call of alice through the front proxy, whose connection tells of itself what it is told to. */
function call(getAuthContext: () => AuthContext): ServerCall {
  const metadata = new Metadata();
  metadata.set("x-remote-user", "alice");
  return Object.assign(new EventEmitter(), {
    cancelled: false,
    metadata,
    getDeadline: () => Infinity,
    getAuthContext,
  });
}

function identify(getAuthContext: () => AuthContext) {
  const reviewer = { review: () => Promise.reject(new Error("nobody is asked")) };
  const callAuthorizer = new CallAuthorizer(
    defaults,
    new Authorizer({ config: defaults, reviewer, report: silent }),
  );
  return callAuthorizer.identify(call(getAuthContext)).identity;
}

const certificate = (CN: unknown) =>
  ({ sslPeerCertificate: { subject: { CN } } }) as unknown as AuthContext;

Deno.test("caller: the verified certificate's CN decides", () => {
  assert.equal(identify(() => certificate("kubetail-cluster-api")).kind, "front-proxy");
  assert.throws(() => identify(() => certificate("intruder")), { kind: "permission-denied" });
});

Deno.test("caller: of several CNs none counts", () => {
  assert.throws(
    () => identify(() => certificate(["kubetail-cluster-api", "intruder"])),
    { kind: "unauthenticated" },
  );
});

Deno.test("caller: a connection that ended before its certificate was checked is a cancelled call, no fault of the agent", () => {
  assert.throws(() =>
    identify(() => {
      throw new TypeError("Cannot read properties of null (reading 'raw')");
    }), (error: unknown) => error instanceof Failure && error.kind === "cancelled");
});
