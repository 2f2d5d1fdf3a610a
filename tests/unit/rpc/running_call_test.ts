import assert from "node:assert/strict";
import { constants } from "node:http2";
import { EventEmitter } from "node:events";
import { Metadata } from "@grpc/grpc-js";
import { Failure } from "../../../src/failure/failure.ts";
import { rememberPlace } from "../../../src/rpc/grpc_js/call_places.ts";
import { RunningCall, type ServerCall } from "../../../src/rpc/running_call.ts";
import { FakeStream, turns } from "../../harness/fake_http2.ts";

/** A call of grpc-js over a node:http2 stream. */
class FakeCall extends EventEmitter {
  cancelled = false;
  readonly metadata = new Metadata();
  readonly session = {};
  readonly stream = new FakeStream(this.session);
  readonly call = { stream: this.stream, maybeSendMetadata: () => {} };
  deadline: Date | number = Infinity;

  getDeadline = () => this.deadline;
  getAuthContext = () => ({});
}

function start(prepare: (call: FakeCall) => void = () => {}) {
  const call = new FakeCall();
  prepare(call);
  const running = new RunningCall(call as unknown as ServerCall, "stream");
  let released = 0;
  running.hold({ [Symbol.dispose]: () => released++ });
  return { call, running, released: () => released };
}

Deno.test("running call: it knows its connection", () => {
  const { call, running } = start();
  assert.equal(running.connection, call.session);
  running.finish();
});

Deno.test("running call: a client that goes aborts it, until its work is done", () => {
  const { call, running } = start();
  call.emit("cancelled");
  assert.equal(running.cancelled, true);
  assert.equal((running.signal.reason as Failure).kind, "cancelled");
  const other = start();
  other.running.finish();
  other.call.emit("cancelled");
  assert.equal(other.running.signal.aborted, false);
});

Deno.test("running call: one that was cancelled before it began is aborted from the start", () => {
  const { running } = start((call) => call.cancelled = true);
  assert.equal(running.signal.aborted, true);
});

Deno.test("running call: a deadline that has passed aborts it, one beyond the platform's timers does not", async () => {
  const { running } = start((call) => call.deadline = Date.now() - 1);
  if (!running.signal.aborted) {
    await new Promise((resolve) => running.signal.addEventListener("abort", resolve));
  }
  assert.equal(running.cancelled, true);
  const late = start((call) => call.deadline = Date.now() + 2 ** 40);
  await turns();
  assert.equal(late.running.signal.aborted, false);
});

Deno.test("running call: another signal ends it with its reason, while it runs", () => {
  const { running } = start();
  const ending = new AbortController();
  running.endWith(ending.signal);
  ending.abort(new Failure("unauthenticated", "the certificate has expired"));
  assert.equal((running.signal.reason as Failure).kind, "unauthenticated");
  const done = start();
  const late = new AbortController();
  done.running.endWith(late.signal);
  done.running.finish();
  late.abort();
  assert.equal(done.running.signal.aborted, false);
});

Deno.test("running call: what it holds is given back when its last byte has left, not before", async () => {
  const { call, running, released } = start();
  running.finish();
  running.release();
  await turns();
  assert.equal(released(), 0);
  call.stream.destroy();
  await turns();
  assert.equal(released(), 1);
});

Deno.test("running call: what it holds is given back at once where its stream is gone", () => {
  const { running, released } = start((call) => call.stream.destroy());
  running.release();
  assert.equal(released(), 1);
});

Deno.test("running call: evicted while nobody reads its answer, its stream is reset at once", async () => {
  const { call, running, released } = start();
  running.finish();
  running.release();
  running.evict(new Failure("resource-exhausted", "its place is needed"));
  await turns();
  assert.equal(call.stream.resetWith, constants.NGHTTP2_ENHANCE_YOUR_CALM);
  assert.equal(call.stream.destroyed, true);
  assert.equal(released(), 1);
});

Deno.test("running call: evicted at work, it is aborted with the reason, and reset where its status is not read", async () => {
  const { call, running, released } = start();
  running.evict(new Failure("resource-exhausted", "its place is needed"));
  assert.equal((running.signal.reason as Failure).message, "its place is needed");
  running.finish();
  running.release();
  await turns();
  assert.equal(call.stream.destroyed, false, "it has a moment to send its status");
  await new Promise<void>((resolve) => call.stream.once("close", resolve));
  await turns();
  assert.equal(released(), 1);
});

Deno.test("running call: its headers are dropped with the memory that is counted for them", () => {
  const done: string[] = [];
  const { call, running } = start((call) => {
    call.metadata.add("x-remote-group", "a");
    call.metadata.add("x-remote-group", "b");
    rememberPlace(call.stream, {
      claim: () => done.push("claim"),
      dropHeaders: () => done.push("dropHeaders"),
      close: () => done.push("close"),
    });
  });
  running.claim();
  assert.deepEqual(call.metadata.get("x-remote-group"), ["a", "b"]);
  running.dropHeaders();
  assert.deepEqual(call.metadata.getMap(), {});
  assert.deepEqual(done, ["claim", "dropHeaders"]);
});
