import { defaults } from "../../../src/config/schema.ts";
import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { Metadata, type ServerWritableStream, status as Status } from "@grpc/grpc-js";
import { Failure } from "../../../src/failure/failure.ts";
import { CallLimits } from "../../../src/rpc/call_limits.ts";
import type { PeerCheck } from "../../../src/rpc/verified_peers.ts";
import { Calls } from "../../../src/rpc/calls.ts";
import type { CallKind, RunningCall, ServerCall } from "../../../src/rpc/running_call.ts";
import type { CallStatus } from "../../../src/rpc/status.ts";
import type { AgentEvent } from "../../../src/telemetry/events.ts";

type Request = { readonly namespace: string };

/** A streaming call of grpc-js, with how it ended. */
class FakeCall extends EventEmitter implements ServerCall {
  cancelled = false;
  readonly metadata = new Metadata();
  readonly request: Request = { namespace: "a" };
  readonly #deadline: number;
  readonly #status = Promise.withResolvers<CallStatus>();
  readonly status = this.#status.promise;

  constructor({ user = "alice", deadline = Infinity } = {}) {
    super();
    this.metadata.set("user", user);
    this.#deadline = deadline;
    this.on("error", (status) => this.#status.resolve(status));
  }

  end() {
    this.#status.resolve({ code: Status.OK, details: "OK" });
  }

  getDeadline() {
    return this.#deadline;
  }

  getAuthContext() {
    return {};
  }
}

function setUp(
  options: {
    readonly limits?: { readonly maxStreams: number; readonly maxStreamsPerUser: number };
    readonly recheck?: () => Promise<Failure>;
    readonly authorize?: () => Promise<void>;
    readonly peers?: PeerCheck;
  } = {},
) {
  const events: AgentEvent[] = [];
  const steps: string[] = [];
  const callLimits = new CallLimits(
    {
      ...defaults.limits,
      ...options.limits ?? { maxStreams: 3, maxStreamsPerUser: 2 },
    },
    () => {},
    () => {},
  );
  const calls = new Calls({
    limits: callLimits,
    peers: options.peers ?? null,
    report: (event) => events.push(event),
    authorizer: {
      identify(call) {
        steps.push("identify");
        const description = String(call.metadata.get("user")[0]);
        return { identity: { kind: "anonymous" }, description };
      },
      userKey(caller) {
        steps.push("user");
        return Promise.resolve({ user: caller.description, account: caller.description });
      },
      authorize() {
        steps.push("authorize");
        return options.authorize?.() ?? Promise.resolve();
      },
      recheck: options.recheck ?? (() => new Promise(() => {})),
    },
  });
  const ended = () => events.filter((event) => event.type === "call-ended");
  /** Makes a call with the given work; resolves to the call's status. */
  const run = (
    call: FakeCall,
    kind: CallKind,
    work: (running: RunningCall) => Promise<void>,
  ): Promise<CallStatus> => {
    calls.serverStream<Request, unknown, string>({
      name: "S/Stream",
      kind,
      check(request) {
        steps.push("check");
        return request.namespace;
      },
      access: (namespace) => [namespace],
    }, (running) => {
      steps.push("work");
      return work(running);
    })(call as unknown as ServerWritableStream<Request, unknown>);
    return call.status;
  };
  return { calls, run, ended, steps, limits: callLimits };
}

/** Work that lasts until its call must stop. */
function untilAborted(running: RunningCall): Promise<void> {
  const { signal } = running;
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve()));
}

Deno.test("calls: a finished call is OK and reported with its facts", async () => {
  const { run, ended } = setUp();
  const status = await run(new FakeCall(), "stream", (running) => {
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

Deno.test("calls: the caller is identified before the request is checked, authorized before the work", async () => {
  const { run, steps } = setUp();
  await run(new FakeCall(), "stream", () => Promise.resolve());
  assert.deepEqual(steps, ["identify", "check", "user", "authorize", "work"]);
});

Deno.test("calls: the client's cancellation reaches the work at once", async () => {
  const { run, ended, limits } = setUp();
  const call = new FakeCall();
  const done = run(call, "unbounded", untilAborted);
  call.emit("cancelled", "cancelled");
  await done;
  const [event] = ended();
  assert.ok(event?.type === "call-ended" && event.code === "CANCELLED");
  assert.equal(limits.streams, 0);
  assert.equal(call.listenerCount("cancelled"), 0);
});

Deno.test("calls: a deadline that passes stops the work though no cancellation comes", async () => {
  const { run, limits } = setUp();
  await run(new FakeCall({ deadline: Date.now() }), "unbounded", untilAborted);
  assert.equal(limits.streams, 0);
});

Deno.test("calls: a user's streams and all streams are limited, and given back", async () => {
  const { run, limits } = setUp();
  const open = ["alice", "alice", "bob"].map((user) => new FakeCall({ user }));
  const started = open.map(() => Promise.withResolvers<void>());
  const running = open.map((call, i) =>
    run(call, "unbounded", (running) => {
      started[i]!.resolve();
      return untilAborted(running);
    })
  );
  await Promise.all(started.map(({ promise }) => promise));

  const third = await run(new FakeCall(), "unbounded", untilAborted);
  assert.equal(third.code, Status.RESOURCE_EXHAUSTED);
  assert.match(third.details, /limits\.max-streams-per-user\)/);
  open[2]!.emit("cancelled");
  await running[2];
  const ofAlice = await run(new FakeCall(), "unbounded", untilAborted);
  assert.match(ofAlice.details, /at most 2 at once \(limits\.max-streams-per-user\)/);

  open[0]!.emit("cancelled");
  await running[0];
  const call = new FakeCall();
  const again = Promise.withResolvers<void>();
  const ended = run(call, "unbounded", (running) => {
    again.resolve();
    return untilAborted(running);
  });
  await again.promise;
  assert.equal(limits.streams, 2);
  call.emit("cancelled");
  open[1]!.emit("cancelled");
  await Promise.all([ended, running[1]]);
  assert.equal(limits.streams, 0);
});

Deno.test("calls: unary calls are not counted as streams", async () => {
  const { run } = setUp({ limits: { maxStreams: 0, maxStreamsPerUser: 0 } });
  const status = await run(new FakeCall(), "unary", () => Promise.resolve());
  assert.equal(status.code, Status.OK);
});

Deno.test("calls: a re-check with an unforeseen error ends the stream", async () => {
  const odd = [
    [new TypeError("surprise"), "TypeError: surprise"],
    ["a text", "Error: a text"],
    [undefined, "Error: undefined"],
    [null, "Error: null"],
    [Symbol("s"), "Error: Symbol(s)"],
    [Object.create(null), "Error: something that cannot be shown as text"],
  ] as const;
  for (const [thrown, text] of odd) {
    const { run, ended } = setUp({ recheck: () => Promise.reject(thrown) });
    const status = await run(new FakeCall(), "unbounded", untilAborted);
    assert.deepEqual(status, { code: Status.INTERNAL, details: "Internal error" });
    const [event] = ended();
    assert.ok(event?.type === "call-ended");
    assert.equal(event.error, text);
  }
});

Deno.test("calls: the end of a connection ends its calls and no others", async () => {
  const sessions = [{}, {}] as const;
  const endings = sessions.map(() => new AbortController());
  const { calls, run } = setUp({
    peers: { enter: (session) => endings[sessions.indexOf(session as object)]!.signal },
  });
  const ends = sessions.map((session) => {
    const call = new FakeCall();
    const stream = { session, destroyed: true, write: () => true, once: () => {} };
    Object.assign(call, { call: { stream, maybeSendMetadata: () => {} } });
    return run(call, "unbounded", untilAborted);
  });
  endings[1]!.abort(new Failure("unauthenticated", "expired"));
  assert.deepEqual(await ends[1], { code: Status.UNAUTHENTICATED, details: "expired" });
  calls.abortAll();
  assert.equal((await ends[0])?.code, Status.UNAVAILABLE);
});

Deno.test("calls: on a connection that must end no call begins, whoever calls", async () => {
  const { run, steps } = setUp({
    peers: {
      enter() {
        throw new Failure("unauthenticated", "expired");
      },
    },
  });
  assert.equal((await run(new FakeCall(), "stream", untilAborted)).code, Status.UNAUTHENTICATED);
  assert.deepEqual(steps, []);
});

Deno.test("calls: draining ends unbounded calls, lets the others finish, answers probes, and refuses new calls", async () => {
  const { calls, run } = setUp();
  const finish = Promise.withResolvers<void>();
  const reading = run(new FakeCall(), "stream", () => finish.promise);
  const following = run(new FakeCall(), "unbounded", untilAborted);
  const probe = new FakeCall();
  const watching = run(probe, "probe", untilAborted);
  let drained = false;
  const drain = calls.drain().then(() => drained = true);

  const ended = await following;
  assert.deepEqual([ended.code, ended.details], [Status.UNAVAILABLE, "Server is shutting down"]);
  const refused = await run(new FakeCall(), "stream", () => Promise.resolve());
  assert.deepEqual([refused.code, refused.details], [
    Status.UNAVAILABLE,
    "Server is shutting down",
  ]);
  assert.equal((await run(new FakeCall(), "probe", () => Promise.resolve())).code, Status.OK);
  assert.equal(drained, false);
  finish.resolve();
  assert.equal((await reading).code, Status.OK);
  await drain;
  probe.emit("cancelled");
  await watching;
});

Deno.test("calls: cutting ends what did not finish in time", async () => {
  const { calls, run } = setUp();
  const reading = run(new FakeCall(), "stream", untilAborted);
  const drained = calls.drain();
  calls.abortAll();
  assert.equal((await reading).code, Status.UNAVAILABLE);
  await drained;
});

Deno.test("calls: an unexpected error goes to the log, not to the caller", async () => {
  const { run, ended } = setUp();
  const status = await run(new FakeCall(), "stream", () => Promise.reject(new Error("inner")));
  assert.equal(status.details, "Internal error");
  const [event] = ended();
  assert.ok(event?.type === "call-ended" && event.error === "Error: inner");
});

Deno.test("calls: a failure's own words go to both", async () => {
  const { run, ended } = setUp();
  const status = await run(
    new FakeCall(),
    "stream",
    () => Promise.reject(new Failure("not-found", "no such log")),
  );
  assert.equal(status.details, "no such log");
  const [event] = ended();
  assert.ok(event?.type === "call-ended" && event.error === "no such log");
});

Deno.test("calls: what waits for a review counts for its user", async () => {
  const review = Promise.withResolvers<void>();
  const { run, limits } = setUp({ authorize: () => review.promise });
  const waiting = [1, 2].map(() => run(new FakeCall(), "stream", () => Promise.resolve()));
  const third = await run(new FakeCall(), "stream", () => Promise.resolve());
  assert.match(third.details, /limits\.max-streams-per-user\)/);
  review.resolve();
  assert.deepEqual((await Promise.all(waiting)).map(({ code }) => code), [Status.OK, Status.OK]);
  assert.equal(limits.streams, 0);
});

Deno.test("calls: where all places are taken, the newest call of the user with the most is ended for one who has none", async () => {
  const { run, limits } = setUp({ limits: { maxStreams: 2, maxStreamsPerUser: 2 } });
  const calls = [new FakeCall(), new FakeCall()];
  const running = calls.map((call) => run(call, "unbounded", untilAborted));
  const bob = run(new FakeCall({ user: "bob" }), "stream", () => Promise.resolve());
  assert.equal((await bob).code, Status.OK);
  const ended = await running[1]!;
  assert.equal(ended.code, Status.RESOURCE_EXHAUSTED);
  assert.match(ended.details, /ended for that of a user who has fewer: .*limits\.max-streams\)/);
  assert.equal(limits.streams, 1);
  calls[0]!.emit("cancelled");
  await running[0];
  assert.equal(limits.streams, 0);
});

Deno.test("calls: headers are dropped when the caller is known and may read", async () => {
  const { run } = setUp();
  const call = new FakeCall();
  await run(call, "stream", () => {
    assert.deepEqual(call.metadata.getMap(), {});
    return Promise.resolve();
  });
});

Deno.test("calls: nothing of a request stays with the library, also of one that was refused unchecked", async () => {
  const { run, limits } = setUp({ limits: { maxStreams: 1, maxStreamsPerUser: 1 } });
  const fine = new FakeCall();
  await run(fine, "stream", () => Promise.resolve());
  const refused = new FakeCall({ user: "bob" });
  const key = { user: "bob", account: "bob" };
  using _all = limits.admitUser({
    kind: "stream",
    key,
    connection: null,
    requestMemory: 0,
    evict: () => {},
  });
  assert.equal((await run(refused, "stream", () => assert.fail())).code, Status.RESOURCE_EXHAUSTED);
  assert.deepEqual([fine.request, refused.request], [{}, {}]);
});
