import assert from "node:assert/strict";
import { OpenStreams } from "../../../../src/rpc/grpc_js/open_streams.ts";
import { FakeGrpcServer, FakeStream, turns } from "../../../harness/fake_http2.ts";

const READ = "/cluster_agent.LogRecordsService/StreamForward";

function setUp() {
  const fake = new FakeGrpcServer();
  const open = new OpenStreams(fake.server);
  fake.bind();
  const opened = (path: string) => {
    const stream = new FakeStream();
    fake.source.emit("stream", stream, { ":path": path }, 0, []);
    return stream;
  };
  return { open, opened };
}

/** Whether a promise is settled by now. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  return await Promise.race([promise.then(() => true), turns(1).then(() => false)]);
}

Deno.test("open streams: a stop waits for the last of those who are owed an answer", async () => {
  const { open, opened } = setUp();
  using _ = open;
  const [first, second] = [opened(READ), opened(READ)];
  assert.equal(open.count, 2);
  const none = open.noneLeft();
  first.destroy();
  assert.equal(await isSettled(none), false);
  second.destroy();
  assert.equal(await isSettled(none), true);
  assert.equal(open.count, 0);
});

Deno.test("open streams: health and reflection are not waited for", async () => {
  const { open, opened } = setUp();
  using _ = open;
  opened("/grpc.health.v1.Health/Watch");
  opened("/grpc.reflection.v1.ServerReflection/ServerReflectionInfo");
  assert.equal(open.count, 0);
  assert.equal(await isSettled(open.noneLeft()), true);
});

Deno.test("open streams: a stream that the client resets is destroyed, not within the library's callback", async () => {
  const { open, opened } = setUp();
  using _ = open;
  const stream = opened(READ);
  stream.emit("aborted");
  assert.equal(stream.destroyed, false);
  await turns();
  assert.equal(stream.destroyed, true);
  assert.equal(open.count, 0);
});

Deno.test("open streams: one that is closed and does not go is destroyed at the second look, an open one never", () => {
  const timers: (() => void)[] = [];
  const { setInterval: original } = globalThis;
  globalThis.setInterval = ((run: () => void) => timers.push(run)) as unknown as typeof setInterval;
  try {
    const { open, opened } = setUp();
    using _ = open;
    const [stuck, running] = [opened(READ), opened(READ)];
    stuck.closed = true;
    timers[0]?.();
    assert.equal(stuck.destroyed, false);
    timers[0]?.();
    assert.deepEqual([stuck.destroyed, running.destroyed], [true, false]);
  } finally {
    globalThis.setInterval = original;
  }
});
