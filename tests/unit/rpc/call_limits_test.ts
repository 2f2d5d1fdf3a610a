import assert from "node:assert/strict";
import type { Failure } from "../../../src/failure/failure.ts";
import { CallLimits, type CallNumbers } from "../../../src/rpc/call_limits.ts";
import type { CallKind } from "../../../src/rpc/running_call.ts";
import type { AgentEvent } from "../../../src/telemetry/events.ts";

const numbers: CallNumbers = {
  maxStreams: 4,
  maxStreamsPerUser: 3,
  maxUnaryCalls: 4,
  maxUnaryCallsPerUser: 3,
  maxPublicCalls: 4,
  maxPublicCallsPerConnection: 3,
  requestMemory: 100_000,
};

function setUp(overrides: Partial<CallNumbers> = {}) {
  const events: AgentEvent[] = [];
  /** By the names of users, or of connections. */
  const ended: string[] = [];
  const connections = new Map<string, { readonly name: string }>();
  const connection = (name: string) => {
    const known = connections.get(name) ?? { name };
    connections.set(name, known);
    return known;
  };
  const limits = new CallLimits({ ...numbers, ...overrides }, (event) => events.push(event), (
    connection,
    limit,
  ) => ended.push(`${(connection as { name: string }).name}: ${limit}`));
  const attempt = (take: () => Disposable): string => {
    try {
      take();
      return "in";
    } catch (error) {
      return /\(limits\.(?:max-)?([a-z-]+)\)/.exec((error as Failure).message)?.[1] ??
        String(error);
    }
  };
  return {
    limits,
    events,
    ended,
    ofUser: (
      kind: CallKind,
      user: string,
      over = user,
      { account = user, requestMemory = 0 } = {},
    ) =>
      attempt(() =>
        limits.admitUser({
          kind,
          key: { user, account },
          requestMemory,
          connection: connection(over),
          evict: (why) => ended.push(`${user}: ${why.kind}`),
        })
      ),
    ofPublic: (over: string, peer = "10.0.0.1") =>
      attempt(() =>
        limits.admit({ kind: "probe", isPublic: true, connection: connection(over), peer })
      ),
  };
}

for (
  const { kind, limit } of [
    { kind: "stream", limit: "streams" },
    { kind: "unbounded", limit: "streams" },
    { kind: "unary", limit: "unary-calls" },
  ] as const
) {
  Deno.test(`call limits, ${kind}: a user has a share, and the one with the most gives way to others`, () => {
    const { ofUser, ended, events } = setUp();
    assert.deepEqual(["a", "a", "a", "a"].map((user) => ofUser(kind, user)), [
      "in",
      "in",
      "in",
      `${limit}-per-user`,
    ]);
    assert.deepEqual(["b", "c"].map((user) => ofUser(kind, user)), ["in", "in"]);
    assert.deepEqual(ended, ["a: resource-exhausted"]);
    assert.deepEqual(["d", "e"].map((user) => ofUser(kind, user)), ["in", limit]);
    const reached = events.flatMap((event) => event.type === "limit-reached" ? [event] : []);
    assert.deepEqual(reached.map(({ limit, who }) => [limit, who]), [
      [`${limit}-per-user`, "a"],
      [limit, "a"],
      [limit, "a"],
      [limit, undefined],
    ]);
  });

  Deno.test(`call limits, ${kind}: as many users as places over one connection keep no other connection out`, () => {
    const { ofUser, ended } = setUp();
    for (const user of ["a", "b", "c", "d"]) assert.equal(ofUser(kind, user, "proxy"), "in");
    assert.equal(ofUser(kind, "e", "proxy"), limit);
    assert.equal(ofUser(kind, "e", "other"), "in");
    assert.deepEqual(ended, ["d: resource-exhausted"]);
  });
}

Deno.test("call limits: one subject with as many identities as places gives way to another over the same connection", () => {
  const { ofUser, ended } = setUp();
  for (const user of ["m1", "m2", "m3", "m4"]) {
    assert.equal(ofUser("stream", user, "proxy", { account: "mallory" }), "in");
  }
  assert.equal(ofUser("stream", "m5", "proxy", { account: "mallory" }), "streams");
  assert.equal(ofUser("stream", "innocent", "proxy"), "in");
  assert.deepEqual(ended, ["m4: resource-exhausted"]);
});

Deno.test("call limits: large requests of one user leave memory for those of others, and refused requests hold none", () => {
  const { limits, ofUser, ended, events } = setUp({ requestMemory: 30_000 });
  const large = { requestMemory: 10_000 };
  for (let index = 0; index < 3; index++) {
    assert.equal(ofUser("stream", "mallory", "proxy", large), "in");
  }
  const held = limits.streams;
  assert.equal(ofUser("unary", "mallory", "proxy", large), "request-memory");
  assert.equal(ofUser("stream", "ordinary", "proxy", { requestMemory: 8192 }), "in");
  assert.deepEqual(ended, []);
  assert.equal(ofUser("unary", "innocent", "proxy", large), "in");
  assert.deepEqual(ended, ["mallory: resource-exhausted"]);
  assert.equal(limits.streams, held + 1);
  assert.equal(ofUser("unary", "other", "proxy", { requestMemory: 30_001 }), "request-memory");
  const reached = events.flatMap((event) => event.type === "limit-reached" ? [event.limit] : []);
  assert.deepEqual(new Set(reached), new Set(["request-memory"]));
});

Deno.test("call limits: what was given back is free again", () => {
  const { limits } = setUp({ maxStreams: 1, maxStreamsPerUser: 1 });
  const key = { user: "a", account: "a" };
  const call = {
    kind: "stream",
    key,
    requestMemory: 0,
    connection: null,
    evict: () => {},
  } as const;
  limits.admitUser(call)[Symbol.dispose]();
  assert.equal(limits.streams, 0);
  using _lease = limits.admitUser(call);
  assert.equal(limits.streams, 1);
});

Deno.test("call limits, public: a connection beyond its own limit is ended", () => {
  const { ofPublic, ended } = setUp();
  const three = ["a", "a", "a"].map((over) => ofPublic(over));
  assert.deepEqual(three, ["in", "in", "in"]);
  assert.equal(ofPublic("a"), "public-calls-per-connection");
  assert.deepEqual(ended, ["a: public-calls-per-connection"]);
});

Deno.test("call limits, public: no number of connections keeps a probe out, not even those of its own address", () => {
  const { ofPublic, ended } = setUp();
  for (const over of ["a", "b", "c", "d"]) assert.equal(ofPublic(over), "in");
  assert.equal(ofPublic("probe"), "in");
  assert.equal(ofPublic("probe", "10.0.0.2"), "public-calls", "it has one");
  assert.equal(ofPublic("kubelet", "10.0.0.3"), "in");
  assert.deepEqual(ended, ["a: public-calls", "probe: public-calls"]);
});

Deno.test("call limits: probes of known users and calls without a connection are not counted", () => {
  const { limits, ofUser } = setUp({ maxStreams: 1, maxStreamsPerUser: 1 });
  assert.equal(ofUser("probe", "a"), "in");
  using _lease = limits.admit({ kind: "probe", isPublic: true, connection: null });
  assert.equal(limits.streams, 0);
});
