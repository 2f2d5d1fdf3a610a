import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { HealthCheckResponse_ServingStatus as Serving } from "../../../src/generated/grpc/health.ts";
import { answer, drain, request } from "../../harness/calls.ts";
import { criLines } from "../../harness/log_tree.ts";
import { type AgentProcess, httpText, startProcess } from "../../harness/process.ts";
import { silentSocket } from "../../harness/raw_http2.ts";

async function isServing(agent: AgentProcess): Promise<boolean> {
  const client = agent.health();
  const { response } = await answer<{ status: Serving }>((done) =>
    client.check({ service: "" }, done)
  );
  client.close();
  return response?.status === Serving.SERVING;
}

/** Opens that many silent connections, a few at a time. */
async function open(port: number, count: number): Promise<Socket[]> {
  const sockets: (Socket | null)[] = [];
  while (sockets.length < count) {
    sockets.push(...await Promise.all(Array.from({ length: 10 }, () => silentSocket(port))));
  }
  return sockets.filter((socket) => socket !== null);
}

Deno.test("a low limit of open files: connections never take the last descriptor", async () => {
  await using agent = await startProcess({ openFiles: 300 });
  const log = agent.logs.add({ content: criLines(20) });
  const records = agent.records();
  for (let round = 0; round < 3; round++) {
    const sockets = [...await open(agent.port, 330), ...await open(agent.telemetryPort, 100)];
    assert.equal(await httpText(agent.telemetryPort, "/livez"), "ok\n");
    assert.equal((await drain(records.streamForward(request(log.request)))).messages.length, 20);
    for (const socket of sockets) socket.destroy();
    assert.equal(await httpText(agent.telemetryPort, "/readyz"), "ok\n");
    assert.ok(await isServing(agent));
  }
});

Deno.test("a listener that stopped accepting for lack of descriptors is bound again automatically", async () => {
  const script = new URL("deaf_listener.ts", import.meta.url).pathname;
  const server = new Deno.Command("sh", {
    args: ["-c", 'ulimit -n 60; exec "$0" run -A --no-check "$1"', Deno.execPath(), script],
    stdout: "piped",
  }).spawn();
  const lines = server.stdout.pipeThrough(new TextDecoderStream())[Symbol.asyncIterator]();
  try {
    const port = Number((await lines.next()).value);
    const sockets = await open(port, 100);
    assert.match(String((await lines.next()).value), /^addr accepts no connections/);
    for (const socket of sockets) socket.destroy();
    while (!await greets(port));
  } finally {
    server.kill("SIGKILL");
    await lines.return?.();
    await server.status;
  }
});

/** Whether a new connection is accepted; false if it is reset because the listener is bound again. */
async function greets(port: number): Promise<boolean> {
  const socket = await silentSocket(port);
  if (socket === null) return false;
  const greeted = await new Promise<boolean>((resolve) => {
    socket.once("data", () => resolve(true));
    socket.once("close", () => resolve(false));
  });
  socket.destroy();
  return greeted;
}
