import assert from "node:assert/strict";
import { status } from "@grpc/grpc-js";
import { statusNumber } from "../../../src/telemetry/status_codes.ts";

Deno.test("status codes have the names and numbers of the gRPC library", () => {
  const names = Object.keys(status).filter((name) => Number.isNaN(Number(name)));
  assert.equal(names.length, 17);
  for (const name of names) {
    assert.equal(statusNumber(name), status[name as keyof typeof status], name);
  }
});

Deno.test("an unknown status has no number", () => {
  assert.equal(statusNumber("17"), undefined);
});
