import assert from "node:assert/strict";
import { parseAddress } from "../../../src/config/address.ts";

Deno.test("an address has a port always, brackets around IPv6, an empty host for every interface", () => {
  assert.deepEqual(parseAddress(":50051"), { host: "", port: 50051 });
  assert.deepEqual(parseAddress("127.0.0.1:0"), { host: "127.0.0.1", port: 0 });
  assert.deepEqual(parseAddress("[::1]:65535"), { host: "::1", port: 65535 });
  assert.deepEqual(parseAddress("[fe80::1%eth0]:1"), { host: "fe80::1%eth0", port: 1 });
  assert.deepEqual(parseAddress("node-1.example:80"), { host: "node-1.example", port: 80 });
  for (const text of ["", "80", "localhost", "::1:80", "[]:80", ":65536", ":x", "a b:1", "a:1 "]) {
    assert.equal(parseAddress(text), null, text);
  }
});
