import assert from "node:assert/strict";
import { Server } from "@grpc/grpc-js";
import {
  keepRepeatedMetadata,
  separateValues,
} from "../../../../src/rpc/grpc_js/repeated_metadata.ts";

Deno.test("repeated identity headers become lists, all others stay", () => {
  const headers: Record<string, unknown> = {
    ":path": "/a/b",
    "x-remote-group": "a, b, c",
    "x-remote-user": "alice",
    authorization: "first",
    other: "1, 2",
  };
  separateValues(headers, [
    ...[":path", "/a/b"],
    ...["x-remote-group", "a, b"],
    ...["authorization", "first"],
    ...["x-remote-user", "alice"],
    ...["other", "1"],
    ...["other", "2"],
    ...["authorization", "second"],
    ...["x-remote-group", "c"],
  ]);
  assert.deepEqual(headers, {
    ":path": "/a/b",
    "x-remote-group": ["a, b", "c"],
    "x-remote-user": "alice",
    authorization: ["first", "second"],
    other: "1, 2",
  });
});

Deno.test("a grpc-js without the place that is needed does not start", () => {
  const changed = Object.create(Server.prototype, { _setupHandlers: { value: undefined } });
  assert.throws(() => keepRepeatedMetadata(changed), /does not show its HTTP\/2 servers/);
});
