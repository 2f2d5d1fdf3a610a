import assert from "node:assert/strict";
import { status as Status } from "@grpc/grpc-js";
import { Failure, type FailureKind } from "../../../src/failure/failure.ts";
import { statusName, toStatus } from "../../../src/rpc/status.ts";

const kinds: readonly [FailureKind, Status][] = [
  ["invalid-argument", Status.INVALID_ARGUMENT],
  ["unauthenticated", Status.UNAUTHENTICATED],
  ["permission-denied", Status.PERMISSION_DENIED],
  ["not-found", Status.NOT_FOUND],
  ["resource-exhausted", Status.RESOURCE_EXHAUSTED],
  ["cancelled", Status.CANCELLED],
  ["unavailable", Status.UNAVAILABLE],
  ["internal", Status.INTERNAL],
];

for (const [kind, code] of kinds) {
  Deno.test(`status: ${kind} is ${statusName(code)} with the failure's own words`, () => {
    assert.deepEqual(toStatus(new Failure(kind, "why")), { code, details: "why" });
  });
}

Deno.test("status: an error other than a Failure is INTERNAL, and its text is not sent", () => {
  assert.deepEqual(toStatus(new Error("the token is abc")), {
    code: Status.INTERNAL,
    details: "Internal error",
  });
});
