import assert from "node:assert/strict";
import { StreamEnds } from "../../../../src/rpc/grpc_js/stream_ends.ts";
import { FakeStream } from "../../../harness/fake_http2.ts";

/** Streams as a connection keeps them: by id, until they are closed. */
function openStreams(count: number): Map<number, { stream: FakeStream }> {
  const streams = new Map<number, { stream: FakeStream }>();
  for (let index = 0; index < count; index++) {
    const stream = new FakeStream();
    streams.set(stream.id, { stream });
    stream.once("close", () => streams.delete(stream.id));
  }
  return streams;
}

function setUp() {
  const later: (() => void)[] = [];
  const ends = new StreamEnds((run) => later.push(run));
  /** One turn of the event loop. */
  const turn = () => {
    for (const run of later.splice(0)) run();
  };
  return { ends, turn };
}

Deno.test("stream ends: no turn of the event loop ends more than some, of all connections together", () => {
  const { ends, turn } = setUp();
  const connections = [openStreams(100), openStreams(50)];
  const ended: number[] = [];
  for (const [index, streams] of connections.entries()) ends.end(streams, () => ended.push(index));
  const open = () => connections.reduce((sum, { size }) => sum + size, 0);
  for (let before = open(); before > 0; before = open()) {
    turn();
    assert.ok(before - open() <= 20, `${before - open()} in one turn`);
    assert.ok(before > open(), "each turn ends some");
    assert.ok(!ended.includes(0) || connections[0]?.size === 0, "the streams come first");
  }
  turn();
  assert.deepEqual(ended.sort(), [0, 1]);
});

Deno.test("stream ends: without streams there is nothing to wait for, and those that have ended are not waited for", () => {
  const { ends, turn } = setUp();
  let ended = 0;
  ends.end(new Map(), () => ended++);
  assert.equal(ended, 1);
  const closing = openStreams(1);
  for (const { stream } of closing.values()) stream.destroyed = true; // Its close event is on its way.
  ends.end(closing, () => ended++);
  turn();
  assert.equal(ended, 2);
});
