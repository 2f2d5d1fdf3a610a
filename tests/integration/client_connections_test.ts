import assert from "node:assert/strict";
import { once } from "node:events";
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import { LogRecordsStreamRequest } from "../../src/generated/cluster_agent.ts";
import { request } from "../harness/calls.ts";
import { criLines } from "../harness/log_tree.ts";
import { type AgentProcess, startProcess } from "../harness/process.ts";

const METHOD = "cluster_agent.LogRecordsService/StreamForward";

Deno.test("denoland/deno#36788: clients that close their connections, as every client does, do not crash the agent", async () => {
  await using agent = await startProcess();
  const log = agent.logs.add({ content: criLines(20_000) });
  const message = frame(request(log.request));
  let next = 0;
  const turns = Array.from({ length: 8 }, async () => {
    while (next < 100) await readAndClose(agent, message, { streams: 1 + next++ % 8 });
  });
  await Promise.race([
    Promise.all(turns),
    agent.ended.then((code) => assert.fail(`the agent ended with ${code}`)),
  ]);
  agent.kill("SIGTERM");
  assert.equal(await agent.ended, 0);
});

Deno.test("streams that a client resets with NO_ERROR while they have unsent bytes are destroyed, and their logs closed", async () => {
  await using agent = await startProcess();
  const log = agent.logs.add({ content: criLines(100_000) });
  const before = agent.descriptors();
  const session = connectTo(agent);
  const streams = Array.from({ length: 20 }, () => open(session, frame(request(log.request))));
  // The first bytes have arrived, and nobody reads further: the rest waits in the agent.
  await Promise.all(streams.map((stream) => once(stream, "readable")));
  for (const stream of streams) stream.close(constants.NGHTTP2_NO_ERROR);
  const calls = () => agent.lines.filter(({ msg }) => msg === "call").length;
  await agent.line(() => calls() === 20);
  assert.equal(await agent.metric(`kubetail_agent_open_streams{method="${METHOD}"}`), 0);
  session.destroy();
  await agent.descriptorsBecome(before);
});

/** Reads some streams to the end on a separate connection and closes it, which sends GOAWAY. */
function readAndClose(
  agent: AgentProcess,
  message: Uint8Array,
  options: { readonly streams: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const session = connectTo(agent);
    session.on("error", reject);
    session.on("close", resolve);
    let left = options.streams;
    for (let index = 0; index < options.streams; index++) {
      const stream = open(session, message);
      stream.on("error", reject);
      stream.resume();
      stream.on("close", () => {
        left--;
        if (left === 0) session.close();
      });
    }
  });
}

function connectTo(agent: AgentProcess): ClientHttp2Session {
  return connect(`https://localhost:${agent.port}`, {
    ca: agent.authority.cert,
    cert: agent.client.cert,
    key: agent.client.key,
  });
}

function open(session: ClientHttp2Session, message: Uint8Array): ClientHttp2Stream {
  const stream = session.request({
    ":method": "POST",
    ":path": `/${METHOD}`,
    "content-type": "application/grpc",
    te: "trailers",
  });
  stream.end(message);
  return stream;
}

/** A gRPC message: not compressed, its length, itself ("gRPC over HTTP2", grpc.io). */
function frame(fields: ReturnType<typeof request>): Uint8Array {
  const message = LogRecordsStreamRequest.encode(fields).finish();
  const framed = new Uint8Array(5 + message.length);
  new DataView(framed.buffer).setUint32(1, message.length);
  framed.set(message, 5);
  return framed;
}
