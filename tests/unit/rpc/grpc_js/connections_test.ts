import assert from "node:assert/strict";
import { constants } from "node:http2";
import { status as Status } from "@grpc/grpc-js";
import { defaults } from "../../../../src/config/schema.ts";
import { Connections, endConnection, peerOf } from "../../../../src/rpc/grpc_js/connections.ts";
import { type PortLimits, portLimits } from "../../../../src/rpc/limits/port_limits.ts";
import type { AgentEvent } from "../../../../src/telemetry/events.ts";
import {
  FakeGrpcServer,
  FakeSession,
  FakeSocket,
  FakeStream,
  turns,
} from "../../../harness/fake_http2.ts";

/** A port without TLS, whose connections are created by hand. */
function setUp(changed: Partial<PortLimits> = {}) {
  const fake = new FakeGrpcServer();
  const events: AgentEvent[] = [];
  const connections = new Connections(fake.server, {
    limits: { ...portLimits(defaults.limits, 10_000), ...changed },
    report: (event) => events.push(event),
    tls: false,
    allowedNames: [],
  });
  fake.bind();
  const connect = (peer?: string) => {
    const socket = new FakeSocket(peer);
    fake.source.emit("connection", socket);
    const session = new FakeSession(socket);
    if (!socket.destroyed) fake.source.emit("session", session);
    const open = (path = "/a/b"): FakeStream => {
      const stream = new FakeStream(session);
      fake.source.emit("stream", stream, { ":path": path }, 0, []);
      return stream;
    };
    return { socket, session, open };
  };
  const reached = () =>
    events.flatMap((event) => event.type === "limit-reached" ? [event.limit] : []);
  return { fake, connections, connect, reached };
}

Deno.test("connections: their calls are given to grpc-js, and an HTTP/2 session shows its peer", () => {
  const { fake, connections, connect } = setUp();
  using _ = connections;
  const { session, open } = connect("10.1.2.3");
  const stream = open();
  assert.deepEqual(fake.given, [stream]);
  assert.equal(peerOf(session), "10.1.2.3");
  assert.equal(peerOf({}), "");
});

Deno.test("connections: where all places for calls are taken, the connection with the most gives one to others, and is refused more", async () => {
  const { fake, connections, connect, reached } = setUp({ streams: 3 });
  using _ = connections;
  const busy = connect();
  connect().open();
  const [, second] = [busy.open(), busy.open()];
  const refused = busy.open();
  assert.equal(refused.responded?.["grpc-status"], Status.RESOURCE_EXHAUSTED);
  const innocent = connect().open();
  assert.ok(fake.given.includes(innocent) && !fake.given.includes(refused));
  assert.equal(second?.closed, false, "not within the library's callback");
  await turns();
  assert.equal(second?.resetWith, constants.NGHTTP2_ENHANCE_YOUR_CALM);
  assert.ok(second?.destroyed);
  assert.deepEqual(reached(), ["streams", "streams"]);
});

Deno.test("connections: one whose finished answers are not read loses more than the call", async () => {
  const { connections, connect, reached } = setUp({ streams: 2 });
  using _ = connections;
  const unread = connect();
  for (const stream of [unread.open(), unread.open()]) stream.writableEnded = true;
  connect().open();
  await turns();
  assert.deepEqual(unread.session.goaways, [constants.NGHTTP2_ENHANCE_YOUR_CALM]);
  assert.deepEqual(reached(), ["streams"]);
  unread.socket.destroy();
});

Deno.test("connections: beyond those of an address, the one without a call goes for the new one", () => {
  const { connections, connect, reached } = setUp({ connectionsPerPeer: 2 });
  using _ = connections;
  const idle = connect();
  const working = connect();
  working.open();
  const other = connect("10.0.0.2");
  const newest = connect();
  newest.open();
  assert.deepEqual([idle, working, other, newest].map(({ socket }) => socket.isPaused), [
    true,
    false,
    false,
    false,
  ]);
  assert.ok(connect().socket.destroyed, "all others of its address are at work");
  assert.deepEqual(reached(), ["connections-per-peer", "connections-per-peer"]);
  idle.socket.destroy();
});

Deno.test("connections: where descriptors run out, those without a call end", () => {
  const { connections, connect, reached } = setUp();
  using _ = connections;
  const [idle, working] = [connect(), connect()];
  working.open();
  connections.shed();
  assert.deepEqual(reached(), ["descriptors"]);
  assert.deepEqual([idle.session.goaways.length, working.session.goaways.length], [1, 0]);
  idle.socket.destroy();
});

Deno.test("connections: one is ended by its session, later than within the library's callback", async () => {
  const { connections, connect, reached } = setUp();
  using _ = connections;
  const { session, socket, open } = connect();
  const stream = open();
  endConnection(session, "public-calls", "why");
  endConnection({}, "public-calls", "a session that is gone");
  assert.equal(stream.destroyed, false);
  await turns(5);
  assert.deepEqual([stream.destroyed, session.destroyed], [true, true]);
  assert.deepEqual(reached(), ["public-calls"]);
  socket.destroy();
});

Deno.test("connections: a session or a call whose connection has ended is not served", async () => {
  const { fake, connections } = setUp();
  using _ = connections;
  const session = new FakeSession(new FakeSocket());
  fake.source.emit("session", session);
  assert.ok(session.destroyed);
  const stream = new FakeStream(session);
  fake.source.emit("stream", stream, { ":path": "/a/b" }, 0, []);
  assert.deepEqual(fake.given, []);
  await turns();
  assert.ok(stream.destroyed);
});
