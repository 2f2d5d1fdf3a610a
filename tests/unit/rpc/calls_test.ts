import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { Metadata, status as Status } from "@grpc/grpc-js";
import { Failure } from "../../../src/failure/failure.ts";
import { Calls, type RunningCall, type ServerCall } from "../../../src/rpc/calls.ts";
import type { AgentEvent } from "../../../src/telemetry/events.ts";

class FakeCall extends EventEmitter implements ServerCall {
  cancelled = false;
  metadata = new Metadata();
  readonly #deadline: number;

  constructor(deadline = Infinity) {
    super();
    this.#deadline = deadline;
  }

  getDeadline() {
    return this.#deadline;
  }

  getAuthContext() {
    return {};
  }
}

function setUp(limits = { maxStreams: 3, maxStreamsPerUser: 2 }) {
  const events: AgentEvent[] = [];
  const calls = new Calls({ limits, report: (event) => events.push(event) });
  const ended = () => events.filter((event) => event.type === "call-ended");
  return { calls, ended };
}

/** Work that lasts until its call is told to stop. */
function untilAborted(user = "alice") {
  return (running: RunningCall) => {
    running.identity = user;
    running.admitted();
    return new Promise<void>((resolve) =>
      running.signal.addEventListener("abort", () => resolve())
    );
  };
}

const stream = { method: "S/Stream", kind: "stream" } as const;
const endless = { method: "S/Follow", kind: "endless" } as const;

Deno.test("calls: a finished call is OK and reported with what it did", async () => {
  const { calls, ended } = setUp();
  const status = await calls.run(new FakeCall(), stream, (running) => {
    running.identity = "alice";
    running.namespaces = ["a"];
    running.records = 5;
    running.bytes = 70;
    return Promise.resolve();
  });
  assert.equal(status.code, Status.OK);
  const [event] = ended();
  assert.ok(event?.type === "call-ended");
  const { milliseconds, ...told } = event;
  assert.ok(milliseconds >= 0);
  assert.deepEqual(told, {
    type: "call-ended",
    method: "S/Stream",
    code: "OK",
    identity: "alice",
    namespaces: ["a"],
    records: 5,
    bytes: 70,
  });
});

Deno.test("calls: the client's cancellation reaches the work at once", async () => {
  const { calls, ended } = setUp();
  const call = new FakeCall();
  const done = calls.run(call, endless, untilAborted());
  call.emit("cancelled", "cancelled");
  await done;
  const [event] = ended();
  assert.ok(event?.type === "call-ended" && event.code === "CANCELLED");
  assert.equal(calls.streams, 0);
  assert.equal(call.listenerCount("cancelled"), 0);
});

Deno.test("calls: a deadline that passes stops the work though no cancellation comes", async () => {
  const { calls } = setUp();
  await calls.run(new FakeCall(Date.now()), endless, untilAborted());
  assert.equal(calls.streams, 0);
});

Deno.test("calls: a user's streams and all streams are limited, and given back", async () => {
  const { calls } = setUp();
  const open = [new FakeCall(), new FakeCall(), new FakeCall()];
  const users = ["alice", "alice", "bob"];
  const running = open.map((call, i) => calls.run(call, endless, untilAborted(users[i])));

  const third = await calls.run(new FakeCall(), endless, untilAborted("alice"));
  assert.equal(third.code, Status.RESOURCE_EXHAUSTED);
  assert.match(third.details, /limits\.max-streams\)/);
  open[2]!.emit("cancelled");
  await running[2];
  const ofAlice = await calls.run(new FakeCall(), endless, untilAborted("alice"));
  assert.match(ofAlice.details, /at most 2 at once \(limits\.max-streams-per-user\)/);

  open[0]!.emit("cancelled");
  await running[0];
  const call = new FakeCall();
  const again = calls.run(call, endless, untilAborted("alice"));
  assert.equal(calls.streams, 2);
  call.emit("cancelled");
  open[1]!.emit("cancelled");
  await Promise.all([again, running[1]]);
  assert.equal(calls.streams, 0);
});

Deno.test("calls: unary calls are not counted as streams", async () => {
  const { calls } = setUp({ maxStreams: 0, maxStreamsPerUser: 0 });
  const status = await calls.run(new FakeCall(), { method: "S/List", kind: "unary" }, (running) => {
    running.admitted();
    return Promise.resolve();
  });
  assert.equal(status.code, Status.OK);
});

Deno.test("calls: draining ends what is endless, lets the rest finish, and refuses new calls", async () => {
  const { calls } = setUp();
  const finish = Promise.withResolvers<void>();
  const reading = calls.run(new FakeCall(), stream, () => finish.promise);
  const following = calls.run(new FakeCall(), endless, untilAborted());
  let drained = false;
  const drain = calls.drain().then(() => drained = true);

  const ended = await following;
  assert.deepEqual([ended.code, ended.details], [Status.UNAVAILABLE, "Server is shutting down"]);
  const refused = await calls.run(new FakeCall(), stream, () => Promise.resolve());
  assert.deepEqual([refused.code, refused.details], [
    Status.UNAVAILABLE,
    "Server is shutting down",
  ]);
  assert.equal(drained, false);
  finish.resolve();
  assert.equal((await reading).code, Status.OK);
  await drain;
});

Deno.test("calls: cutting ends what did not finish in time", async () => {
  const { calls } = setUp();
  const reading = calls.run(new FakeCall(), stream, untilAborted());
  const drained = calls.drain();
  calls.cut();
  assert.equal((await reading).code, Status.UNAVAILABLE);
  await drained;
});

Deno.test("calls: an unexpected error is told to the log, not to the caller", async () => {
  const { calls, ended } = setUp();
  const status = await calls.run(new FakeCall(), stream, () => Promise.reject(new Error("inner")));
  assert.equal(status.details, "Internal error");
  const [event] = ended();
  assert.ok(event?.type === "call-ended" && event.error === "Error: inner");
});

Deno.test("calls: a failure's own words go to both", async () => {
  const { calls, ended } = setUp();
  const status = await calls.run(
    new FakeCall(),
    stream,
    () => Promise.reject(new Failure("not-found", "no such log")),
  );
  assert.equal(status.details, "no such log");
  const [event] = ended();
  assert.ok(event?.type === "call-ended" && event.error === "no such log");
});
