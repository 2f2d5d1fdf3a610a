import assert from "node:assert/strict";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { startAgent } from "../harness/agent.ts";
import { hostHasIpv6 } from "../../src/rpc/host_addresses.ts";

Deno.test("bind: where another agent holds [::]:PORT, a second one does not serve IPv4 beside it", async () => {
  if (!await hostHasIpv6()) {
    console.log("skipped: this host has no IPv6");
    return;
  }
  const other = createServer();
  await new Promise<void>((resolve) =>
    other.listen({ host: "::", port: 0, ipv6Only: true }, resolve)
  );
  const { port } = other.address() as AddressInfo;
  try {
    await assert.rejects(startAgent({ addr: `:${port}` }), /Cannot listen on :\d+: .*EADDRINUSE/s);
  } finally {
    await new Promise((resolve) => other.close(resolve));
  }
});
