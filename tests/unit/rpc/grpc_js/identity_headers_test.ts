import assert from "node:assert/strict";
import { Server } from "@grpc/grpc-js";
import {
  identityHeaders,
  keepIdentityHeaders,
  separateValues,
} from "../../../../src/rpc/grpc_js/identity_headers.ts";

Deno.test("repeated identity headers become lists, all others stay", () => {
  const headers: Record<string, unknown> = {
    ":path": "/a/b",
    "x-remote-group": "a, b, c",
    "x-remote-user": "alice",
    authorization: "first",
    other: "1, 2",
  };
  const sent = identityHeaders([
    ...[":path", "/a/b"],
    ...["x-remote-group", "a, b"],
    ...["authorization", "first"],
    ...["x-remote-user", "alice"],
    ...["other", "1"],
    ...["other", "2"],
    ...["authorization", "second"],
    ...["x-remote-group", "c"],
  ]);
  separateValues(headers, sent);
  assert.deepEqual(headers, {
    ":path": "/a/b",
    "x-remote-group": ["a, b", "c"],
    "x-remote-user": "alice",
    authorization: ["first", "second"],
    other: "1, 2",
  });
  assert.deepEqual([...sent.keys()].sort(), ["authorization", "x-remote-group", "x-remote-user"]);
});

Deno.test("a grpc-js without the place that is needed does not start", () => {
  const changed = Object.create(Server.prototype, { _setupHandlers: { value: undefined } });
  assert.throws(() => keepIdentityHeaders(changed), /does not show its HTTP\/2 servers/);
});
