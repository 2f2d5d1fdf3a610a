import assert from "node:assert/strict";
import { type AddressInfo, createServer } from "node:net";
import type { LogMetadataList } from "../../../src/generated/cluster_agent.ts";
import { hostHasIpv6 } from "../../../src/rpc/host_addresses.ts";
import { startAgent, type TestAgent } from "../../harness/agent.ts";
import { answer, drain, readLog, request } from "../../harness/calls.ts";
import { criLines } from "../../harness/log_tree.ts";

const seconds = (n: number) => `2024-10-01T05:00:${String(n).padStart(2, "0")}Z`;

function ended(agent: TestAgent, count: number): Promise<void> {
  return agent.sees(
    (events) => events.filter((event) => event.type === "call-ended").length >= count,
  );
}

Deno.test("more streams than limits.max-streams are refused, and accepted again afterwards", async () => {
  await using agent = await startAgent({ limits: { maxStreams: 1 } });
  const log = agent.logs.add({ content: criLines(200_000) });
  const first = agent.records().streamForward(request(log.request));
  first.on("error", () => {});
  await new Promise((resolve) => first.once("readable", resolve)); // Running, but blocked by this test.
  const refused = await readLog(agent, log);
  assert.equal(refused.code, "RESOURCE_EXHAUSTED");
  first.cancel();
  await ended(agent, 2);
  assert.equal((await readLog(agent, log, { stop_time: seconds(0) })).code, "OK");
});

Deno.test("only a certificate that the CA has signed and whose name is allowed may call", async () => {
  await using agent = await startAgent();
  const list = (client: "client" | "other" | "none") =>
    answer<LogMetadataList>((done) => agent.metadata(client).list({ namespaces: [] }, done));
  assert.equal((await list("client")).code, "OK");
  assert.equal((await list("other")).code, "PERMISSION_DENIED");
  const none = await list("none");
  assert.equal(none.code, "UNAVAILABLE");
  assert.ok(none.details.startsWith("No connection established"), none.details);
});

Deno.test("on a stop the running stream is finished, new calls are refused, and the agent ends with 0", async () => {
  // However slow the machine is, the stream is not cut off.
  await using agent = await startAgent({ shutdownTimeoutMs: 3_600_000 });
  const log = agent.logs.add({ content: criLines(200_000) });
  const records = agent.records();
  const running = records.streamForward(request(log.request));
  await new Promise((resolve) => running.once("readable", resolve));
  agent.stop();
  const refused = await drain(records.streamForward(request(log.request)));
  assert.equal(refused.code, "UNAVAILABLE");
  const { messages, code } = await drain(running);
  assert.equal(code, "OK");
  assert.equal(messages.length, 200_000);
  assert.equal(await agent.ended, 0);
});

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
