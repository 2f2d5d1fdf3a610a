import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { LogRecord } from "../../../../src/generated/cluster_agent.ts";
import { frameSink, type RecordsCall } from "../../../../src/rpc/grpc_js/frame_stream.ts";
import { SHARED_BYTES } from "../../../../src/stream/appended_scanner.ts";

/** The HTTP/2 stream of a call, which accepts data until the test says that it is full. */
class RawStream extends EventEmitter {
  destroyed = false;
  closed = false;
  isFull = false;
  readonly written: Uint8Array[] = [];
  readonly releases: (() => void)[] = [];

  write(bytes: Uint8Array, written: () => void): boolean {
    this.written.push(bytes.slice());
    this.releases.push(written);
    return !this.isFull;
  }
}

function setUp() {
  const stream = new RawStream();
  let metadata = 0;
  const inner = { stream, maybeSendMetadata: () => void metadata++ };
  const controller = new AbortController();
  // As grpc-js wraps a call for its interceptors.
  const call = { call: { nextCall: inner } } as unknown as RecordsCall;
  const sink = frameSink(call, controller.signal);
  return { stream, sink, controller, metadata: () => metadata };
}

Deno.test("frames go to the HTTP/2 stream as they are, behind the headers, without a promise", () => {
  const { stream, sink, metadata } = setUp();
  assert.equal(sink.writeNow(Uint8Array.of(1, 2, 3)), true);
  assert.deepEqual(stream.written, [Uint8Array.of(1, 2, 3)]);
  assert.equal(metadata(), 1);
});

Deno.test("a full stream is waited for, however often, with as many listeners as once", async () => {
  const { stream, sink } = setUp();
  stream.isFull = true;
  for (let count = 0; count < 100; count++) {
    const written = sink.write(Uint8Array.of(count));
    stream.emit("drain");
    assert.equal(await written, true);
  }
  assert.equal(stream.listenerCount("drain"), 1);
  assert.equal(stream.listenerCount("close"), 1);
  stream.isFull = false;
  assert.equal(sink.writeNow(Uint8Array.of(1)), true);
});

Deno.test("waiting for a stream that closes, or a call that must stop, resolves to gone", async () => {
  for (const end of ["close", "abort"]) {
    const { stream, sink, controller } = setUp();
    stream.isFull = true;
    const written = sink.write(Uint8Array.of(1));
    if (end === "close") stream.emit("close");
    else controller.abort();
    assert.equal(await written, false, end);
  }
  const { stream, sink, controller } = setUp();
  stream.isFull = true;
  controller.abort();
  assert.equal(await sink.write(Uint8Array.of(1)), false, "aborted before");
});

Deno.test("nothing is written to a stream that is gone", () => {
  for (const state of ["destroyed", "closed"] as const) {
    const { stream, sink } = setUp();
    stream[state] = true;
    assert.equal(sink.writeNow(Uint8Array.of(1)), false);
    assert.deepEqual(stream.written, []);
  }
});

Deno.test("the memory of large frames is freed once they are written, that of small ones is shared", () => {
  const { stream, sink } = setUp();
  const large = new Uint8Array(SHARED_BYTES + 1);
  const small = new Uint8Array(SHARED_BYTES);
  sink.writeNow(large);
  sink.writeNow(small);
  assert.equal(large.length, SHARED_BYTES + 1, "not before it is written");
  for (const release of stream.releases) release();
  assert.equal(large.length, 0);
  assert.equal(small.length, SHARED_BYTES);
});

Deno.test("if grpc-js has changed, records are sent as messages", async () => {
  const sent: LogRecord[] = [];
  const call = Object.assign(new EventEmitter(), {
    cancelled: false,
    destroyed: false,
    write: (record: LogRecord) => sent.push(record) > 0,
  });
  const sink = frameSink(call as unknown as RecordsCall, new AbortController().signal);
  const records = ["one", "two"].map((message): LogRecord => (
    { message, timestamp: { seconds: 1n, nanos: 2 }, is_final: true }
  ));
  const bodies = records.map((record) => LogRecord.encode(record).finish());
  const frames = bodies.flatMap((body) => [0, 0, 0, 0, body.length, ...body]);
  assert.equal(await sink.write(Uint8Array.from(frames)), true);
  assert.deepEqual(sent, records);
});
