import assert from "node:assert/strict";
import { connect } from "node:http2";
import { LogRecordsStreamRequest } from "../../src/generated/cluster_agent.ts";
import { request } from "../harness/calls.ts";
import { criLines } from "../harness/log_tree.ts";
import { type AgentProcess, startProcess } from "../harness/process.ts";

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

/** Reads some streams on a connection of their own to the end and closes it, which sends GOAWAY. */
function readAndClose(
  agent: AgentProcess,
  message: Uint8Array,
  options: { readonly streams: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const session = connect(`https://localhost:${agent.port}`, {
      ca: agent.authority.cert,
      cert: agent.client.cert,
      key: agent.client.key,
    });
    session.on("error", reject);
    session.on("close", resolve);
    let open = options.streams;
    for (let index = 0; index < options.streams; index++) {
      const stream = session.request({
        ":method": "POST",
        ":path": "/cluster_agent.LogRecordsService/StreamForward",
        "content-type": "application/grpc",
        te: "trailers",
      });
      stream.on("error", reject);
      stream.resume();
      stream.on("close", () => {
        open--;
        if (open === 0) session.close();
      });
      stream.end(message);
    }
  });
}

/** A gRPC message: not compressed, its length, itself ("gRPC over HTTP2", grpc.io). */
function frame(fields: ReturnType<typeof request>): Uint8Array {
  const message = LogRecordsStreamRequest.encode(fields).finish();
  const framed = new Uint8Array(5 + message.length);
  new DataView(framed.buffer).setUint32(1, message.length);
  framed.set(message, 5);
  return framed;
}
