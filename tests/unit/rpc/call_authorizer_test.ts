import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { Metadata } from "@grpc/grpc-js";
import { defaults } from "../../../src/config/schema.ts";
import { Authorizer } from "../../../src/auth/authorizer.ts";
import { Failure } from "../../../src/failure/failure.ts";
import { rememberSentHeaders } from "../../../src/rpc/grpc_js/identity_headers.ts";
import { CallAuthorizer, checkArrivedWhole } from "../../../src/rpc/call_authorizer.ts";
import type { ServerCall } from "../../../src/rpc/running_call.ts";
import { silent } from "../../../src/telemetry/events.ts";

type AuthContext = ReturnType<ServerCall["getAuthContext"]>;

/** A call by alice through the front proxy, whose connection returns the given context. */
function call(getAuthContext: () => AuthContext): ServerCall {
  const metadata = new Metadata();
  metadata.set("x-remote-user", "alice");
  const stream = { write: () => true, once: () => {} };
  rememberSentHeaders(stream, new Map([["x-remote-user", ["alice"]]]));
  return Object.assign(new EventEmitter(), {
    call: { stream, maybeSendMetadata: () => {} },
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

Deno.test("caller: with several CNs, none counts", () => {
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

function metadataOf(values: Readonly<Record<string, readonly string[]>>) {
  return { get: (name: string) => values[name] ?? [] };
}

Deno.test("caller: what was sent and did not arrive, or is not legal, refuses the call and is not repeated", () => {
  const cases: [string, string[], string[]][] = [
    ["a value that was dropped", ["secret", "b"], ["secret"]],
    ["all of them dropped", ["secret"], []],
    ["another value", ["secret"], ["other"]],
    ["bytes outside ASCII that arrived", ["secr\u00e9t"], ["secr\u00e9t"]],
    ["a leading space", [" secret"], [" secret"]],
    ["a trailing space", ["secret "], ["secret "]],
    ["a tab within", ["sec\tret"], ["sec\tret"]],
  ];
  for (const [title, sent, arrived] of cases) {
    for (const name of ["authorization", "x-remote-user", "x-remote-group", "x-remote-extras"]) {
      assert.throws(
        () => checkArrivedWhole(new Map([[name, sent]]), metadataOf({ [name]: arrived })),
        (error: Failure) =>
          error.kind === "invalid-argument" && error.message.includes(name) &&
          !error.message.includes("sec"),
        `${title}: ${name}`,
      );
    }
  }
});

Deno.test("caller: what arrived as it was sent is whole, spaces within and empty values included", () => {
  const sent = ["a, b", "", "x"];
  checkArrivedWhole(new Map([["x-remote-group", sent]]), metadataOf({ "x-remote-group": sent }));
  assert.throws(() => checkArrivedWhole(null, metadataOf({})), { kind: "internal" });
  assert.throws(() => checkArrivedWhole("lost", metadataOf({})), { kind: "invalid-argument" });
});
