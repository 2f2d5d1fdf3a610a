import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { ListenerCheck } from "../../../src/agent/listener_check.ts";
import type { AgentEvent } from "../../../src/telemetry/events.ts";

Deno.test("a port that accepts connections is no problem", async () => {
  const server = createServer((socket) => socket.destroy()).listen(0, "127.0.0.1");
  await once(server, "listening");
  const shed = () => assert.fail("nothing is short");
  {
    using check = new ListenerCheck([{ name: "addr", server, shed }], () => assert.fail("told"));
    await once(server, "connection"); // the check's own connection
    assert.deepEqual(check.problems, []);
  }
  server.close();
  await once(server, "close");
});

Deno.test("a listener that gets no connections is reported and bound again, with its connections kept", async () => {
  // Claims to listen where nobody does: connections are lost, as with a listener that has stopped accepting.
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port: keptPort } = server.address() as AddressInfo;
  const free = createServer().listen(0, "127.0.0.1");
  await once(free, "listening");
  const elsewhere = free.address() as AddressInfo;
  free.close();
  await once(free, "close");
  const address = server.address.bind(server);
  server.address = () => elsewhere;

  const told = Promise.withResolvers<AgentEvent>();
  {
    using check = new ListenerCheck(
      [{ name: "telemetry.addr", server, shed: () => assert.fail("nothing is short") }],
      (event) => told.resolve(event),
    );
    const bound = once(server, "listening");
    assert.deepEqual(await told.promise, {
      type: "notice",
      level: "warn",
      text: "telemetry.addr accepts no connections: no descriptors are left; " +
        "raise the limit of open files",
    });
    assert.deepEqual(check.problems, [
      "telemetry.addr accepts no connections: no descriptors are left",
    ]);
    await bound;
    assert.equal((address() as AddressInfo).port, elsewhere.port);
    assert.notEqual(elsewhere.port, keptPort);
    await once(server, "connection"); // the connection of the next check
    while (check.problems.length > 0) await new Promise((resolve) => setImmediate(resolve));
  }
  server.close();
  await once(server, "close");
});
