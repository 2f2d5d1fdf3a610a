import assert from "node:assert/strict";
import { hostHasIpv6 } from "../../../src/rpc/host_addresses.ts";

function failing(code: string) {
  return () => Promise.reject(Object.assign(new Error(code), { code }));
}

Deno.test("bind: a host without IPv6 is distinguished from one where an address is taken or forbidden", async () => {
  assert.equal(await hostHasIpv6(() => Promise.resolve()), true);
  for (const code of ["EAFNOSUPPORT", "EADDRNOTAVAIL"]) {
    assert.equal(await hostHasIpv6(failing(code)), false, code);
  }
  for (const code of ["EADDRINUSE", "EACCES", "EMFILE", "EPERM"]) {
    assert.equal(await hostHasIpv6(failing(code)), true, code);
  }
  const bare = () =>
    Promise.reject(new Error("Address family not supported by protocol (os error 97)"));
  assert.equal(await hostHasIpv6(bare), false);
});
