import assert from "node:assert/strict";
import { LogRecordsStreamRequest } from "../../../src/generated/cluster_agent.ts";
import { startAgent, type TestAgent } from "../../harness/agent.ts";
import { drain, metadata, request } from "../../harness/calls.ts";
import { criLines } from "../../harness/log_tree.ts";
import { RawConnection } from "../../harness/raw_http2.ts";

const FORWARD = "/cluster_agent.LogRecordsService/StreamForward";

/** Few streams, and users behind a front proxy. */
async function start(limits: { readonly maxStreams: number; readonly maxStreamsPerUser: number }) {
  const agent = await startAgent(
    { limits, authorization: { methods: ["front-proxy"] } },
    { reviewer: { review: () => Promise.resolve(true) } },
  );
  const log = agent.logs.add({ content: criLines(300_000) });
  const small = agent.logs.add({ pod: "small-0", content: criLines(20) });
  const pair = {
    cert: Deno.readTextFileSync(`${agent.certificatesDir}/client.crt`),
    key: Deno.readTextFileSync(`${agent.certificatesDir}/client.key`),
  };
  const connect = (window: number) =>
    RawConnection.open({ port: agent.port, ca: agent.authority.cert, pair }, { window });
  const all = LogRecordsStreamRequest.encode(request(log.request)).finish();
  const read = (connection: RawConnection, user: string) =>
    connection.call(FORWARD, all, [["x-remote-user", user]]);
  const innocentReads = async () => {
    const call = agent.records().streamForward(
      request(small.request),
      metadata([["x-remote-user", "innocent"]]),
    );
    const { code, details, messages } = await drain(call);
    assert.deepEqual([code, details, messages.length], ["OK", "OK", 20]);
  };
  return { agent, connect, read, innocentReads };
}

function started(agent: TestAgent, count: number): Promise<void> {
  return agent.sees((events) =>
    events.filter(({ type }) => type === "call-started").length >= count
  );
}

function reached({ events }: TestAgent): string[] {
  return events.flatMap((event) => event.type === "limit-reached" ? [event.limit] : []);
}

Deno.test("a user whose clients do not read holds all streams: another one is served all the same, over the same connections", async () => {
  const { agent, connect, read, innocentReads } = await start({
    maxStreams: 4,
    maxStreamsPerUser: 4,
  });
  await using _ = agent;
  const unread = await connect(0);
  for (let index = 0; index < 4; index++) read(unread, "mallory");
  await started(agent, 4);
  for (let index = 0; index < 3; index++) await innocentReads();
  assert.deepEqual(reached(agent), ["streams"], "one gave way, which is free since");
  assert.equal(unread.isClosed, false);
  await agent.sees((events) =>
    events.some((event) =>
      event.type === "call-ended" && event.identity.includes("mallory") &&
      event.code === "RESOURCE_EXHAUSTED"
    )
  );
  unread.end();
});
