import assert from "node:assert/strict";
import { startAgent, type TestAgent } from "../../harness/agent.ts";
import {
  callHeaders,
  frame,
  headersFrame,
  RawConnection,
  silentSocket,
} from "../../harness/raw_http2.ts";

const FORWARD = "/cluster_agent.LogRecordsService/StreamForward";
const REFLECTION = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";

function connect(agent: TestAgent): Promise<RawConnection> {
  return RawConnection.open({
    port: agent.port,
    ca: agent.authority.cert,
    pair: {
      cert: Deno.readTextFileSync(`${agent.certificatesDir}/client.crt`),
      key: Deno.readTextFileSync(`${agent.certificatesDir}/client.key`),
    },
  });
}

function reached({ events }: TestAgent): string[] {
  return events.flatMap((event) => event.type === "limit-reached" ? [event.limit] : []);
}

Deno.test("a connection whose TLS handshake does not come is ended in time", async () => {
  await using agent = await startAgent({ limits: { handshakeTimeoutMs: 100 } });
  const socket = await silentSocket(agent.port);
  assert.ok(socket);
  await new Promise((resolve) => socket.once("close", resolve));
  assert.deepEqual(reached(agent), ["handshake-time"]);
});

const late: Readonly<Record<string, (connection: RawConnection) => void>> = {
  "a request whose message does not come": (connection) =>
    connection.send(headersFrame(connection.newStream(), callHeaders(FORWARD))),
  "a frame whose end does not come": (connection) =>
    connection.send(frame(6, 0, 0, new Uint8Array(8)).subarray(0, 12)),
  "headers whose end does not come": (connection) =>
    connection.send(headersFrame(connection.newStream(), callHeaders(FORWARD), 0)),
};
for (const [title, sendPart] of Object.entries(late)) {
  Deno.test(`the connection is ended in time for ${title}, and others are not`, async () => {
    await using agent = await startAgent({ limits: { requestTimeoutMs: 100 } });
    const idle = await connect(agent);
    const reflecting = await connect(agent);
    reflecting.send(headersFrame(reflecting.newStream(), callHeaders(REFLECTION)));
    await reflecting.flushed();
    const connection = await connect(agent);
    sendPart(connection);
    await connection.closed;
    assert.deepEqual(reached(agent), ["request-time"]);
    assert.deepEqual([idle.isClosed, reflecting.isClosed], [false, false]);
    for (const other of [idle, reflecting]) other.end();
  });
}
