import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import {
  connectionOf,
  innermostCall,
  streamClosed,
} from "../../../../src/rpc/grpc_js/call_stream.ts";

/** A call as wrapped by grpc-js for its interceptors, with its HTTP/2 stream. */
function wrapped(layers: number, stream: object): object {
  let call: object = { stream, maybeSendMetadata() {} };
  for (let layer = 0; layer < layers; layer++) call = { nextCall: call };
  return { call };
}

class Stream extends EventEmitter {
  destroyed = false;
  session: object | undefined = { is: "the session" };
  write(): boolean {
    return true;
  }
}

Deno.test("the innermost of however many calls has the stream", () => {
  for (const layers of [0, 1, 3]) {
    const stream = new Stream();
    assert.equal(innermostCall(wrapped(layers, stream))?.stream, stream);
    assert.equal(connectionOf(wrapped(layers, stream)), stream.session);
  }
});

Deno.test("a library that has changed gives null, not an error", () => {
  for (const call of [{}, { call: {} }, { call: { stream: {}, maybeSendMetadata() {} } }]) {
    assert.equal(innermostCall(call), null);
    assert.equal(connectionOf(call), null);
    assert.equal(streamClosed(call), null);
  }
});

Deno.test("a stream is closed when it says so; one that is destroyed is no more", async () => {
  const stream = new Stream();
  const closed = streamClosed(wrapped(1, stream));
  assert.notEqual(closed, null);
  stream.emit("close");
  await closed;
  stream.destroyed = true;
  stream.session = undefined;
  assert.equal(streamClosed(wrapped(1, stream)), null);
  assert.equal(connectionOf(wrapped(1, stream)), null);
});
