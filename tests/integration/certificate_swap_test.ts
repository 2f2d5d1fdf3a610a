import assert from "node:assert/strict";
import { once } from "node:events";
import type { ClientReadableStream } from "@grpc/grpc-js";
import { connect } from "node:tls";
import { FollowFrom, type LogRecord } from "../../src/generated/cluster_agent.ts";
import { createAuthority, type KeyPair } from "../harness/certificates.ts";
import { drain, request } from "../harness/calls.ts";
import { append, criLine, type TreeLog } from "../harness/log_tree.ts";
import { type AgentProcess, startProcess } from "../harness/process.ts";

const TIME = "2024-10-01T05:00:00Z";

/** What a new connection of this client gets: the server certificate's serial number. */
async function serial(
  agent: AgentProcess,
  ca: string,
  client: KeyPair = agent.client,
): Promise<string> {
  const socket = connect({
    host: "localhost",
    port: agent.port,
    servername: "localhost",
    ca,
    cert: client.cert,
    key: client.key,
    ALPNProtocols: ["h2"],
  });
  await once(socket, "secureConnect");
  const { serialNumber } = socket.getPeerCertificate();
  // In TLS 1.3, a refused client certificate shows with the first bytes: the server's SETTINGS.
  await new Promise<void>((resolve, reject) => {
    socket.once("data", () => resolve());
    socket.once("error", reject);
    socket.once("close", () => reject(new Error("the agent hung up")));
  });
  socket.destroy();
  return serialNumber;
}

/** Follows a log; next() returns its messages. */
function follower(agent: AgentProcess, log: TreeLog) {
  const client = agent.records();
  const call: ClientReadableStream<LogRecord> = client.streamForward(
    request({ ...log.request, follow_from: FollowFrom.DEFAULT }),
  );
  const records = call[Symbol.asyncIterator]();
  return {
    /** Makes another call on the same connection, which verifies the connection again. Resolves to its code. */
    async again(): Promise<string> {
      return (await drain(client.streamForward(request(log.request)))).code;
    },
    async next(): Promise<string> {
      const { value, done } = await records.next();
      assert.ok(!done, "the stream ended");
      return value.message;
    },
  };
}

Deno.test("a swap of the Secret with 50 running streams: none ends, new connections see the new certificate", async () => {
  await using agent = await startProcess();
  const log = agent.logs.add({ content: criLine(TIME, "before") });
  const followers = Array.from({ length: 50 }, () => follower(agent, log));
  for (const each of followers) assert.equal(await each.next(), "before");
  const old = await serial(agent, agent.authority.cert);

  const replacement = await agent.authority.server();
  // A new CA next to the old one, as rotations begin: the callers' own CA is still there.
  const next = await createAuthority("Next CA");
  agent.swapSecret({ ...replacement, ca: next.cert + agent.authority.cert });
  await agent.line(({ msg, level }) =>
    msg === "certificate loaded" && level === "info" && loads(agent) === 2
  );
  assert.notEqual(await serial(agent, agent.authority.cert), old);

  for (const each of followers) assert.equal(await each.again(), "OK");
  append(log, criLine(TIME, "after"));
  for (const each of followers) assert.equal(await each.next(), "after");
  assert.equal(await agent.metric('kubetail_agent_certificate_loads_total{state="loaded"}'), 2);
});

function loads(agent: AgentProcess): number {
  return agent.lines.filter(({ msg }) => msg === "certificate loaded").length;
}

Deno.test("a mismatched and an unreadable pair leave the old one in use and are reported once", async () => {
  await using agent = await startProcess();
  const old = await serial(agent, agent.authority.cert);
  const [one, other] = await Promise.all([agent.authority.server(), agent.authority.server()]);
  agent.swapSecret({ cert: one.cert, key: other.key, ca: agent.authority.cert });
  const mismatch = await agent.line(({ level }) => level === "error");
  assert.match(String(mismatch["problem"]), /tls\.key: it is not the key of the certificate/);
  assert.equal(await serial(agent, agent.authority.cert), old);

  agent.swapSecret({ cert: "garbage", key: other.key, ca: agent.authority.cert });
  const garbage = await agent.line(({ problem }) => String(problem).includes("not valid PEM"));
  assert.doesNotMatch(JSON.stringify(garbage), /PRIVATE/);
  assert.equal(await serial(agent, agent.authority.cert), old);

  // Once corrected, it is accepted.
  agent.swapSecret({ ...other, ca: agent.authority.cert });
  await agent.line(() => loads(agent) === 2);
  assert.notEqual(await serial(agent, agent.authority.cert), old);
  assert.equal(agent.lines.filter(({ level }) => level === "error").length, 2);
});

Deno.test("a new CA: its clients are admitted, those of the old one no longer", async () => {
  await using agent = await startProcess();
  const next = await createAuthority("Next CA");
  const client = await next.client("kubetail-cluster-api");
  await assert.rejects(serial(agent, agent.authority.cert, client));
  agent.swapSecret({ ...await next.server(), ca: next.cert });
  await agent.line(() => loads(agent) === 2);
  assert.notEqual(await serial(agent, next.cert, client), "");
  await assert.rejects(serial(agent, next.cert, agent.client));
});
