import assert from "node:assert/strict";
import { isLoopback } from "../../../src/platform/loopback.ts";

Deno.test("only addresses that nobody else can reach are loopback", () => {
  for (
    const host of [
      "127.0.0.1",
      "127.9.9.9",
      "::1",
      "0:0:0:0:0:0:0:1",
      "::ffff:127.0.0.1",
      "LocalHost",
    ]
  ) assert.equal(isLoopback(host), true, host);
  for (
    const host of ["", "0.0.0.0", "::", "::2", "::ffff:10.0.0.1", "127.example.org", "localhost.x"]
  ) assert.equal(isLoopback(host), false, host);
});
