import assert from "node:assert/strict";
import { constants } from "node:http2";
import type { Socket } from "node:net";
import { PortConnection } from "../../../../src/rpc/grpc_js/connection.ts";
import type { Http2Session } from "../../../../src/rpc/grpc_js/http2_servers.ts";
import { StreamEnds } from "../../../../src/rpc/grpc_js/stream_ends.ts";
import { Shares } from "../../../../src/rpc/limits/shares.ts";
import { Turns } from "../../../../src/rpc/limits/turns.ts";
import { UnsentBytes } from "../../../../src/rpc/limits/unsent_bytes.ts";
import { FakeSession, FakeSocket, FakeStream, turns } from "../../../harness/fake_http2.ts";
import { callHeaders, frame, headersFrame } from "../../../harness/raw_http2.ts";

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const frames = {
  headers: { bytes: 10_000, pairs: 100 },
  requestBytes: 100_000,
  unfinishedBytes: 400_000,
  unfinishedRequests: 100,
};
const call = callHeaders("/a/b");

/** Connections that share what those of one port share. */
function setUp({ unfinished = 1_000_000, turn = setImmediate as (run: () => void) => void } = {}) {
  const shared = {
    turns: new Turns(turn),
    unsent: new UnsentBytes(),
    ends: new StreamEnds(turn),
    unfinished: new Shares({ total: () => unfinished }),
  };
  const ended: string[] = [];
  const clock = { now: 0 };
  const accept = (name: string) => {
    const socket = new FakeSocket();
    const connection = new PortConnection(socket as unknown as Socket, {
      now: 0,
      ...shared,
      onEnd: (limit) => ended.push(`${name}: ${limit}`),
    });
    return { socket, connection };
  };
  const connect = (name: string, streams = 100) => {
    const { socket, connection } = accept(name);
    const session = new FakeSession(socket);
    connection.established(socket as unknown as Socket);
    connection.begin(session as unknown as Http2Session, {
      frames,
      streams,
      now: () => clock.now,
    });
    socket.receive(preface);
    /** Opens streams, which close when they are destroyed. */
    const open = (count: number): FakeStream[] =>
      Array.from({ length: count }, () => {
        const stream = new FakeStream(session);
        stream.once("close", () => connection.close(stream.id));
        connection.open(stream.id, { stream, mayStayOpen: false });
        return stream;
      });
    return { socket, connection, session, open };
  };
  return { accept, connect, ended, clock, shared };
}

Deno.test("connection: what it may send is passed on, and nothing from an offense on, which ends it", async () => {
  const { connect, ended } = setUp();
  const { socket, session, connection, open } = connect("a");
  const [stream] = open(1);
  const ping = frame(6, 0, 0, Buffer.alloc(8));
  socket.receive(ping);
  assert.deepEqual(Buffer.concat(socket.read), Buffer.concat([preface, ping]));
  socket.receive(frame(0, 0, 1, Buffer.alloc(16_385)));
  socket.receive(ping);
  assert.equal(socket.read.length, 2);
  assert.deepEqual(ended, ["a: frames"]);
  assert.deepEqual(session.goaways, [constants.NGHTTP2_ENHANCE_YOUR_CALM]);
  assert.ok(socket.isPaused && connection.hasEnded);
  await turns();
  assert.deepEqual([stream?.destroyed, session.destroyed], [true, true]);
  socket.destroy();
});

Deno.test("connection: it is idle without calls and unsent bytes, and new until it had a call", () => {
  const { connect } = setUp();
  const { socket, connection, open } = connect("a");
  assert.ok(connection.hasSpoken());
  assert.notEqual(connection.idleSince(), null);
  assert.equal(connection.hasWorked(), false);
  const [stream] = open(1);
  assert.deepEqual([connection.idleSince(), connection.calls()], [null, 1]);
  stream?.destroy();
  assert.deepEqual([connection.hasWorked(), connection.calls()], [true, 0]);
  socket.writableLength = 1;
  assert.equal(connection.idleSince(), null);
  socket.writableLength = 0;
  assert.notEqual(connection.idleSince(), null);
});

Deno.test("connection: a handshake, a beginning or a request that takes too long ends it", () => {
  const limits = { handshakeMs: 5, requestMs: 10 };
  const { accept, connect, ended, clock } = setUp();
  const { connection: silent, socket } = accept("silent");
  silent.endIfLate(5, limits);
  silent.endIfLate(6, limits);
  assert.ok(socket.destroyed);
  const late = connect("late");
  late.socket.receive(headersFrame(1, call));
  clock.now = 8;
  const busy = connect("busy");
  busy.socket.receive(headersFrame(1, call));
  for (const { connection } of [late, busy]) connection.endIfLate(11, limits);
  assert.deepEqual(ended, ["silent: handshake-time", "late: request-time"]);
  late.socket.destroy();
});

Deno.test("connection: a client that does not read what it makes the agent send is ended", () => {
  const { connect, ended } = setUp();
  const { socket } = connect("a");
  const pings = Buffer.concat(Array(600).fill(frame(6, 0, 0, Buffer.alloc(8))));
  socket.receive(pings, pings);
  assert.deepEqual(ended, [], "it reads");
  socket.writableLength = 100_000;
  socket.receive(pings);
  assert.deepEqual(ended, []);
  socket.receive(pings);
  assert.deepEqual(ended, ["a: frames"]);
  socket.destroy();
});

Deno.test("connection: more open calls than it may have end it, outside the library's callback", async () => {
  const { connect, ended } = setUp();
  const { socket, open } = connect("a", 2);
  open(3);
  assert.deepEqual(ended, []);
  await turns();
  assert.deepEqual(ended, ["a: streams-per-connection"]);
  socket.destroy();
});

for (
  const [how, leave] of [
    ["closes its socket", ({ socket }) => socket.destroy()],
    ["sends an error", ({ session }) => session.destroy()],
  ] as readonly [string, (of: { socket: FakeSocket; session: FakeSession }) => void][]
) {
  Deno.test(`connection: a client that ${how} ended all its streams in one turn of the event loop`, () => {
    const later: (() => void)[] = [];
    const { connect, ended } = setUp({ turn: (run) => later.push(run) });
    const { socket, session, open } = connect("a", 5000);
    const streams = open(2100);
    leave({ socket, session });
    const alive = () => streams.filter(({ destroyed }) => !destroyed).length;
    const isOver = () => session.destroyed || socket.knowsEnd;
    for (let before = alive(); before > 0; before = alive()) {
      assert.ok(!isOver(), "node:http2 would end those that are left at once");
      for (const run of later.splice(0)) run();
      assert.ok(alive() < before && before - alive() <= 20, `${before - alive()} in one turn`);
    }
    for (const run of later.splice(0)) run();
    assert.ok(isOver());
    assert.deepEqual(ended, [], "no limit was reached");
  });
}

Deno.test("connection: of those with unfinished requests the one with the most is ended for others", () => {
  const { connect, ended, shared } = setUp({ unfinished: 200_000 });
  const large = connect("large");
  const small = connect("small");
  const parts = (count: number) =>
    Array.from({ length: count }, () => frame(0, 0, 1, Buffer.alloc(16_000)));
  large.socket.receive(headersFrame(1, call), ...parts(6));
  large.socket.receive(headersFrame(3, call), frame(0, 0, 3, Buffer.alloc(16_000)));
  small.socket.receive(headersFrame(1, call), ...parts(3));
  assert.deepEqual(ended, []);
  const other = connect("other");
  other.socket.receive(headersFrame(1, call), ...parts(3));
  assert.deepEqual(ended, ["large: request-memory"]);
  small.socket.receive(frame(0, 1, 1));
  other.socket.receive(frame(3, 0, 1, Buffer.alloc(4)));
  assert.equal(
    shared.unfinished.held,
    0,
    "what has come as a whole, or will never, is not counted",
  );
  large.socket.destroy();
});

Deno.test("connection: what was unfinished is not counted any more when its client is gone, with calls or without", () => {
  const { connect, shared } = setUp();
  for (const calls of [0, 3]) {
    const { socket, open } = connect("a");
    open(calls);
    socket.receive(frame(1, 0, 101, Buffer.alloc(9000)));
    assert.ok(shared.unfinished.held > 0);
    socket.destroy();
    assert.equal(shared.unfinished.held, 0);
  }
});

Deno.test("connection: calls of all connections begin in turns, the socket paused meanwhile", async () => {
  const { connect } = setUp();
  const { socket } = connect("a");
  await turns(1); // Until then, a paused socket would be read bypassing the gate.
  const calls = Array.from({ length: 30 }, (_, index) => headersFrame(2 * index + 1, call, 5));
  socket.receive(...calls);
  assert.ok(socket.isPaused);
  const first = Buffer.concat(socket.read).length;
  assert.ok(first < Buffer.concat(calls).length);
  await turns(30);
  assert.equal(socket.isPaused, false);
  assert.deepEqual(Buffer.concat(socket.read), Buffer.concat([preface, ...calls]));
});

Deno.test("connection: a node:http2 that reads or ends otherwise is refused, not trusted", () => {
  const { accept } = setUp();
  const begin = (change: (socket: FakeSocket) => void) => {
    const { socket, connection } = accept("a");
    change(socket);
    const session = new FakeSession(socket) as unknown as Http2Session;
    connection.begin(session, { frames, streams: 1, now: () => 0 });
  };
  begin(() => {});
  assert.throws(() => begin((socket) => socket.removeAllListeners("data")), /data event/);
  assert.throws(() => begin((socket) => socket.on("data", () => {})), /data event/);
  assert.throws(() => begin((socket) => socket.removeAllListeners("close")), /socket's end/);
});
