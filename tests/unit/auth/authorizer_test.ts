import assert from "node:assert/strict";
import { LRUCache } from "lru-cache";
import type { Config } from "../../../src/config/schema.ts";
import type { Identity } from "../../../src/auth/identity.ts";
import { Failure } from "../../../src/failure/failure.ts";
import { idle } from "../../harness/manual_clock.ts";
import { alice, rejectsWith, setUp, unreachable, user } from "./fake_reviewer.ts";

Deno.test("each distinct namespace is reviewed once; without namespaces, all are reviewed at once", async () => {
  const { authorizer, reviewer } = setUp();
  await authorizer.authorize(alice, ["b", "a", "b", "a"]);
  assert.deepEqual(reviewer.namespaces, ["b", "a"]);
  await authorizer.authorize(alice, []);
  assert.deepEqual(reviewer.namespaces, ["b", "a", ""]);
});

Deno.test("a denial names the namespace as clients know it", async () => {
  const { authorizer, reviewer } = setUp();
  reviewer.answer = (namespace) => namespace === "open";
  await rejectsWith(
    authorizer.authorize(alice, ["open", "secret"]),
    "permission-denied",
    "permission denied: `get pods/log` in namespace `secret`",
  );
  await rejectsWith(
    authorizer.authorize(alice, []),
    "permission-denied",
    "permission denied: `get pods/log` in namespace `all`",
  );
});

Deno.test("the right for one namespace or for all is not a right for another", async () => {
  const { authorizer, reviewer } = setUp();
  reviewer.answer = (namespace) => namespace === "a" || namespace === "";
  await authorizer.authorize(alice, []);
  await authorizer.authorize(alice, ["a"]);
  await rejectsWith(authorizer.authorize(alice, ["b"]), "permission-denied");
  await rejectsWith(authorizer.authorize(alice, ["a", "b"]), "permission-denied");
  // "" among other namespaces must not be a way to review less than the whole cluster.
  await rejectsWith(authorizer.authorize(alice, ["", "b"]), "permission-denied");
});

Deno.test("1,000 namespaces are reviewed, 1,001 are refused unasked", async () => {
  const { authorizer, reviewer } = setUp();
  const names = Array.from({ length: 1001 }, (_, i) => `ns-${i}`);
  await rejectsWith(
    authorizer.authorize(alice, names),
    "invalid-argument",
    "Too many namespaces: 1001 named, at most 1000 in a request",
  );
  assert.equal(reviewer.asked.length, 0);
  await authorizer.authorize(alice, [...names.slice(1), ...names.slice(1)]);
  assert.equal(reviewer.asked.length, 1000);
});

Deno.test("an invalid namespace is refused without a review", async () => {
  const { authorizer, reviewer } = setUp();
  for (const name of ["A", "a/b", "..", "a".repeat(64), "x".repeat(4_000_000), "*", " "]) {
    await rejectsWith(authorizer.authorize(alice, ["ok", name]), "invalid-argument", /namespace/);
  }
  assert.deepEqual(reviewer.asked, []);
});

Deno.test("at most 16 reviews of a call are under way", async () => {
  const { authorizer, reviewer } = setUp();
  reviewer.answer = null;
  const names = Array.from({ length: 40 }, (_, i) => `ns-${i}`);
  const done = authorizer.authorize(alice, names);
  await idle();
  assert.equal(reviewer.asked.length, 16);
  for (let answered = 0; answered < 40; answered++) {
    reviewer.asked[answered]?.resolve(true);
    await idle();
    assert.equal(reviewer.asked.length, Math.min(16 + answered + 1, 40));
  }
  await done;
});

Deno.test("a denial ends the call at once: no further review begins, and pending ones are abandoned", async () => {
  const { authorizer, reviewer } = setUp();
  reviewer.answer = null;
  const done = authorizer.authorize(alice, Array.from({ length: 40 }, (_, i) => `ns-${i}`));
  await idle();
  reviewer.asked[3]?.resolve(false);
  await rejectsWith(done, "permission-denied", /`ns-3`/);
  await idle();
  assert.equal(reviewer.asked.length, 16);
  assert.deepEqual(
    reviewer.asked.map((each) => each.signal.aborted),
    reviewer.asked.map(() => true),
  );
});

for (const allowed of [true, false]) {
  Deno.test(`a verdict is kept for the TTL: ${allowed ? "allow" : "deny"}`, async () => {
    const { authorizer, reviewer, clock, events } = setUp({ cacheTtlMs: 30_000 });
    reviewer.answer = () => allowed;
    const ask = () => authorizer.authorize(alice, ["a"]).then(() => true, () => false);
    assert.equal(await ask(), allowed);
    await clock.pass(29_999);
    reviewer.answer = () => !allowed;
    assert.equal(await ask(), allowed);
    assert.equal(reviewer.asked.length, 1);
    await clock.pass(1);
    assert.equal(await ask(), !allowed);
    assert.equal(reviewer.asked.length, 2);
    const verdicts = [allowed, !allowed].map((each) => each ? "allowed" : "denied");
    assert.deepEqual(events, [
      { type: "review", verdict: verdicts[0], seconds: 0 },
      { type: "review-cached" },
      { type: "review", verdict: verdicts[1], seconds: 0 },
    ]);
  });
}

Deno.test("a TTL of 0 keeps nothing", async () => {
  const { authorizer, reviewer } = setUp({ cacheTtlMs: 0 });
  await authorizer.authorize(alice, ["a"]);
  await authorizer.authorize(alice, ["a"]);
  assert.equal(reviewer.asked.length, 2);
});

Deno.test("no verdict is not kept: the next call asks again", async () => {
  const { authorizer, reviewer, events } = setUp();
  for (const kind of ["unavailable", "internal", "unauthenticated"] as const) {
    reviewer.answer = () => new Failure(kind, "no verdict");
    await rejectsWith(authorizer.authorize(alice, ["a"]), kind);
  }
  reviewer.answer = () => true;
  await authorizer.authorize(alice, ["a"]);
  assert.equal(reviewer.asked.length, 4);
  assert.deepEqual(events.map((event) => event.type === "review" ? event.verdict : ""), [
    "error",
    "error",
    "denied",
    "allowed",
  ]);
});

Deno.test("with 10,001 verdicts, the least recently used one is forgotten", async () => {
  const { authorizer, reviewer } = setUp();
  for (let i = 0; i < 10_000; i++) await authorizer.authorize(user(`user-${i}`), ["a"]);
  await authorizer.authorize(user("user-0"), ["a"]);
  assert.equal(reviewer.asked.length, 10_000);
  await authorizer.authorize(user("one-more"), ["a"]);
  await authorizer.authorize(user("user-0"), ["a"]);
  assert.equal(reviewer.asked.length, 10_001, "user-0 was used lately");
  await authorizer.authorize(user("user-1"), ["a"]);
  assert.equal(reviewer.asked.length, 10_002, "user-1 was not");
});

Deno.test("the order of groups and extras does not matter", async () => {
  const { authorizer, reviewer } = setUp();
  await authorizer.authorize(user("a", ["x", "y"], [["k", ["1", "2"]], ["l", []]]), ["n"]);
  await authorizer.authorize(user("a", ["y", "x", "y"], [["l", []], ["k", ["2", "1"]]]), ["n"]);
  assert.equal(reviewer.asked.length, 1);
});

Deno.test("an identity that differs in anything is reviewed again", async () => {
  const { authorizer, reviewer } = setUp();
  const callers: Identity[] = [
    user("a"),
    user("b"),
    user("a", ["x"]),
    user("a", ["x", "y"]),
    user("a", ["x,y"]),
    user("a", ['x","y']),
    user("a", [], [["x", []]]),
    user("a", [], [["x", ["y"]]]),
    user("a", [], [["x", ["y", "z"]]]),
    user("a", [], [["x", ["y"]], ["z", []]]),
    user("a", [], [["__proto__", ["y"]]]),
    { kind: "token", token: "a" },
    { kind: "token", token: "b" },
    { kind: "token", token: '["front-proxy","a",[],[]]' },
  ];
  for (const caller of callers) {
    for (const namespace of ["n", "m"]) await authorizer.authorize(caller, [namespace]);
  }
  assert.equal(reviewer.asked.length, callers.length * 2);
});

Deno.test("the cache holds tokens and names as SHA-256 only", async () => {
  const keys: unknown[] = [];
  const { set } = LRUCache.prototype;
  LRUCache.prototype.set = function (key, ...rest) {
    keys.push(key);
    return set.call(this, key, ...rest);
  };
  try {
    const { authorizer } = setUp();
    await authorizer.authorize({ kind: "token", token: "secret" }, ["a"]);
    await authorizer.authorize(alice, ["a"]);
  } finally {
    LRUCache.prototype.set = set;
  }
  assert.equal(keys.length, 3);
  for (const key of keys) assert.match(String(key), /^[0-9a-f]{64}$/);
});

Deno.test("equal questions at the same time share one review", async () => {
  const { authorizer, reviewer } = setUp();
  reviewer.answer = null;
  const calls = Array.from({ length: 50 }, () => authorizer.authorize(alice, ["a", "b"]));
  await idle();
  assert.deepEqual(reviewer.namespaces, ["a", "b"]);
  for (const asked of reviewer.asked) asked.resolve(true);
  await Promise.all(calls);
});

Deno.test("callers that share a review share its failure, and the next call asks again", async () => {
  const { authorizer, reviewer } = setUp();
  reviewer.answer = null;
  const calls = Array.from({ length: 3 }, () => authorizer.authorize(alice, ["a"]));
  await idle();
  reviewer.asked[0]?.reject(unreachable);
  for (const call of calls) await rejectsWith(call, "unavailable");
  reviewer.answer = () => true;
  await authorizer.authorize(alice, ["a"]);
  assert.equal(reviewer.asked.length, 2);
});

Deno.test("one leaving caller does not end the shared review for the others", async () => {
  const { authorizer, reviewer } = setUp();
  reviewer.answer = null;
  const abort = new AbortController();
  const first = authorizer.authorize(alice, ["a"], { signal: abort.signal });
  const second = authorizer.authorize(alice, ["a"]);
  await idle();
  abort.abort();
  await rejectsWith(first, "cancelled");
  assert.equal(reviewer.asked[0]?.signal.aborted, false);
  reviewer.asked[0]?.resolve(true);
  await second;
  assert.equal(reviewer.asked.length, 1);
});

Deno.test("the review ends with its last caller, and a later caller asks again", async () => {
  const { authorizer, reviewer, events } = setUp();
  reviewer.answer = null;
  const abort = new AbortController();
  const calls = [1, 2].map(() => authorizer.authorize(alice, ["a"], { signal: abort.signal }));
  await idle();
  abort.abort();
  for (const call of calls) await rejectsWith(call, "cancelled");
  const later = authorizer.authorize(alice, ["a"]);
  assert.equal(reviewer.asked[0]?.signal.aborted, true);
  await idle();
  assert.equal(reviewer.asked.length, 2);
  reviewer.asked[1]?.resolve(true);
  await later;
  assert.deepEqual(events, [{ type: "review", verdict: "allowed", seconds: 0 }]);
});

Deno.test("a caller that arrives at the moment when the others leave keeps the review", async () => {
  const { authorizer, reviewer } = setUp();
  reviewer.answer = null;
  const abort = new AbortController();
  const first = authorizer.authorize(alice, ["a"], { signal: abort.signal });
  await idle();
  abort.abort();
  const second = authorizer.authorize(alice, ["a"]);
  await rejectsWith(first, "cancelled");
  await idle();
  assert.equal(reviewer.asked.at(-1)?.signal.aborted, false);
  reviewer.asked.at(-1)?.resolve(true);
  await second;
});

Deno.test("a call that has already ended is not admitted", async () => {
  const { authorizer, reviewer } = setUp();
  await authorizer.authorize(alice, ["a"]);
  await rejectsWith(
    authorizer.authorize(alice, ["a"], { signal: AbortSignal.abort() }),
    "cancelled",
  );
  assert.equal(reviewer.asked.length, 1);
});

Deno.test("outside allowed-namespaces nothing is served, and nothing is asked", async () => {
  const { authorizer, reviewer } = setUp({ allowedNamespaces: ["a", "b"] });
  await authorizer.authorize(alice, ["a", "b"]);
  assert.deepEqual(reviewer.namespaces, ["a", "b"]);
  for (
    const [names, at] of [[["c"], "c"], [["a", "c"], "c"], [[], "all"], [[""], "all"]] as const
  ) {
    await rejectsWith(
      authorizer.authorize(alice, names),
      "permission-denied",
      `permission denied: \`get pods/log\` in namespace \`${at}\`: ` +
        "this agent serves only its allowed-namespaces",
    );
  }
  assert.equal(reviewer.asked.length, 2);
});

Deno.test("allow-all needs no review, but allowed-namespaces hold", async () => {
  const { authorizer, reviewer } = setUp({ allowedNamespaces: ["a"] });
  await authorizer.authorize({ kind: "anonymous" }, ["a"]);
  await rejectsWith(authorizer.authorize({ kind: "anonymous" }, []), "permission-denied");
  await rejectsWith(authorizer.authorize({ kind: "anonymous" }, ["b"]), "permission-denied");
  await setUp().authorizer.authorize({ kind: "anonymous" }, []);
  assert.deepEqual(reviewer.asked, []);
});

const MINUTE = 60_000;

/** A follow that was admitted at 0 and is checked every 5 minutes. */
async function following(
  settings: Partial<Config["authorization"]> = {},
  identity: Identity = alice,
) {
  const parts = setUp({ cacheTtlMs: 30_000, recheckIntervalMs: 5 * MINUTE, ...settings });
  await parts.authorizer.authorize(identity, ["a"]);
  const abort = new AbortController();
  let failure: Failure | null = null;
  const ended = parts.authorizer.recheck(identity, ["a"], { signal: abort.signal }).then(
    (each) => failure = each,
  );
  /** What ended the stream; "open": nothing yet. */
  const outcome = (): string => failure === null ? "open" : failure.kind;
  return { ...parts, abort, outcome, ended };
}

Deno.test("a follow is reviewed again at every interval, and continues while it is allowed", async () => {
  const { clock, reviewer, outcome, abort, ended } = await following();
  assert.equal(reviewer.asked.length, 1);
  await clock.pass(5 * MINUTE - 1);
  assert.equal(reviewer.asked.length, 1);
  await clock.pass(1);
  assert.equal(reviewer.asked.length, 2);
  await clock.pass(50 * MINUTE);
  assert.equal(reviewer.asked.length, 12);
  assert.equal(outcome(), "open");
  abort.abort();
  assert.equal((await ended).kind, "cancelled");
  assert.equal(clock.timers, 0, "nothing is left behind");
});

Deno.test("a follow whose right was withdrawn ends permission-denied at the next look", async () => {
  const { clock, reviewer, outcome, ended } = await following();
  await clock.pass(6 * MINUTE);
  reviewer.answer = () => false;
  await clock.pass(4 * MINUTE - 1);
  assert.equal(outcome(), "open");
  await clock.pass(1);
  assert.equal(outcome(), "permission-denied");
  assert.equal(
    (await ended).message,
    "permission denied: `get pods/log` in namespace `a`",
  );
  assert.equal(clock.timers, 0);
});

Deno.test("a follow whose token has expired ends unauthenticated", async () => {
  const { clock, reviewer, outcome } = await following({}, { kind: "token", token: "t" });
  reviewer.answer = () => new Failure("unauthenticated", "not accepted");
  await clock.pass(5 * MINUTE);
  assert.equal(outcome(), "unauthenticated");
});

Deno.test("a re-check is not answered by a verdict older than the interval", async () => {
  // Cached for long, checked often: the cache alone would answer for 10 minutes.
  const { clock, reviewer, outcome } = await following({
    cacheTtlMs: 10 * MINUTE,
    recheckIntervalMs: MINUTE,
  });
  await clock.pass(MINUTE);
  assert.equal(reviewer.asked.length, 2);
  reviewer.answer = () => false;
  await clock.pass(MINUTE);
  assert.equal(reviewer.asked.length, 3);
  assert.equal(outcome(), "permission-denied");
});

Deno.test("a follow that began with a cached verdict is looked at when that is an interval old", async () => {
  const { authorizer, reviewer, clock } = setUp({ cacheTtlMs: 30_000, recheckIntervalMs: MINUTE });
  await authorizer.authorize(alice, ["a"]);
  await clock.pass(29_000);
  await authorizer.authorize(alice, ["a"]);
  assert.equal(reviewer.asked.length, 1);
  reviewer.answer = () => false;
  const outcomes: string[] = [];
  void authorizer.recheck(alice, ["a"], { signal: new AbortController().signal }).then((failure) =>
    outcomes.push(failure.kind)
  );
  await clock.pass(31_000 - 1);
  assert.deepEqual(outcomes, []);
  await clock.pass(1);
  assert.deepEqual(outcomes, ["permission-denied"]);
});

Deno.test("a hundred follows of one user share the review of each interval", async () => {
  const { authorizer, reviewer, clock } = setUp({ recheckIntervalMs: 5 * MINUTE });
  const abort = new AbortController();
  const follows = [];
  for (let i = 0; i < 100; i++) {
    await authorizer.authorize(alice, ["a"]);
    follows.push(authorizer.recheck(alice, ["a"], { signal: abort.signal }));
  }
  await clock.pass(50 * MINUTE);
  assert.equal(reviewer.asked.length, 11);
  abort.abort();
  await Promise.all(follows);
});

Deno.test("an unreachable API server ends a follow after one interval more, not before", async () => {
  const { clock, reviewer, outcome } = await following();
  reviewer.answer = () => unreachable;
  await clock.pass(10 * MINUTE - 1);
  assert.equal(outcome(), "open");
  assert.ok(reviewer.asked.length > 5, "it is tried again meanwhile");
  assert.ok(reviewer.asked.length < 30, "but not all the time");
  await clock.pass(1);
  assert.equal(outcome(), "unavailable");
  assert.equal(clock.timers, 0);
});

Deno.test("an API server that hangs ends a follow after one interval more as well", async () => {
  const { clock, reviewer, outcome } = await following();
  reviewer.answer = null;
  await clock.pass(10 * MINUTE - 1);
  assert.equal(outcome(), "open");
  await clock.pass(1);
  assert.equal(outcome(), "unavailable");
  assert.equal(reviewer.asked.at(-1)?.signal.aborted, true);
});

Deno.test("a follow continues if the API server comes back within the grace period", async () => {
  const { clock, reviewer, outcome, abort, ended } = await following();
  reviewer.answer = () => unreachable;
  await clock.pass(9 * MINUTE);
  reviewer.answer = () => true;
  await clock.pass(MINUTE);
  assert.equal(outcome(), "open");
  reviewer.answer = () => unreachable;
  await clock.pass(5 * MINUTE);
  assert.equal(outcome(), "open", "a new grace begins");
  abort.abort();
  assert.equal((await ended).kind, "cancelled");
});

Deno.test("an API server that comes back with a denial ends the follow with permission-denied", async () => {
  const { clock, reviewer, outcome } = await following();
  reviewer.answer = () => unreachable;
  await clock.pass(7 * MINUTE);
  reviewer.answer = () => false;
  await clock.pass(MINUTE);
  assert.equal(outcome(), "permission-denied");
});

Deno.test("the agent's own missing right ends a follow internal after the grace", async () => {
  const { clock, reviewer, outcome } = await following();
  reviewer.answer = () => new Failure("internal", "no right to ask");
  await clock.pass(10 * MINUTE);
  assert.equal(outcome(), "internal");
});

Deno.test("a follow that ends while it is reviewed gives its review up", async () => {
  const { clock, reviewer, abort, ended } = await following();
  reviewer.answer = null;
  await clock.pass(5 * MINUTE);
  abort.abort();
  assert.equal((await ended).kind, "cancelled");
  assert.equal(reviewer.asked.at(-1)?.signal.aborted, true);
  assert.equal(clock.timers, 0);
});

Deno.test("answers slower than the interval make no busy loop", async () => {
  const { clock, reviewer, abort, ended } = await following({ recheckIntervalMs: 1000 });
  reviewer.answer = null;
  let answered = 1;
  for (let i = 0; i < 20; i++) {
    await clock.pass(990);
    for (; answered < reviewer.asked.length; answered++) reviewer.asked[answered]?.resolve(true);
    await idle();
  }
  assert.ok(reviewer.asked.length <= 22, `${reviewer.asked.length} reviews in 20 intervals`);
  abort.abort();
  await ended;
});

Deno.test("under allow-all a follow is never looked at again", async () => {
  const { authorizer, reviewer, clock } = setUp();
  const abort = new AbortController();
  const ended = authorizer.recheck({ kind: "anonymous" }, [], { signal: abort.signal });
  await clock.pass(60 * MINUTE);
  abort.abort();
  assert.equal((await ended).kind, "cancelled");
  assert.deepEqual(reviewer.asked, []);
});

Deno.test("a token that the API server does not accept is refused for 10 s without asking again", async () => {
  const { authorizer, reviewer, clock } = setUp();
  const bad: Identity = { kind: "token", token: "bad" };
  reviewer.answer = () => new Failure("unauthenticated", "not accepted");
  await rejectsWith(authorizer.authorize(bad, ["a"]), "unauthenticated");
  await rejectsWith(authorizer.authorize(bad, ["b", "c"]), "unauthenticated", "not accepted");
  assert.equal(reviewer.asked.length, 1);
  await clock.pass(9_999);
  await rejectsWith(authorizer.authorize(bad, ["a"]), "unauthenticated");
  assert.equal(reviewer.asked.length, 1);
  await clock.pass(1);
  reviewer.answer = () => true;
  await authorizer.authorize(bad, ["a"]);
  assert.equal(reviewer.asked.length, 2);
});

Deno.test("made-up tokens do not delay callers who were accepted before, nor new ones of other connections for long", async () => {
  const { authorizer, reviewer, clock, events } = setUp();
  const good: Identity = { kind: "token", token: "good" };
  await authorizer.authorize(good, ["a"]);
  await clock.pass(MINUTE); // Its verdict is now too old.
  reviewer.answer = null;
  const attacker = {};
  const refusals = Array.from(
    { length: 1000 },
    (_, i) =>
      authorizer.authorize({ kind: "token", token: `made-up-${i}` }, ["a"], {
        origin: { owner: attacker },
      })
        .then(() => "allowed", (error: Failure) => error.kind),
  );
  await idle();
  assert.equal(reviewer.asked.length, 1 + 8, "few of them are asked about at the same time");

  reviewer.answer = () => true;
  await authorizer.authorize(good, ["a"]);

  reviewer.answer = null;
  const stranger = authorizer.authorize({ kind: "token", token: "new" }, ["a"], {
    origin: { owner: {} },
  });
  const refused = new Failure("unauthenticated", "not accepted");
  // Two of the made-up ones are answered; then it is the stranger's turn.
  reviewer.answer = (_namespace, { kind, ...rest }) =>
    kind === "token" && "token" in rest && rest.token === "new" ? true : refused;
  for (const asked of reviewer.asked) asked.reject(refused);
  await stranger;
  const kinds = await Promise.all(refusals);
  assert.deepEqual(new Set(kinds), new Set(["unauthenticated", "resource-exhausted"]));
  assert.ok(kinds.filter((kind) => kind === "unauthenticated").length <= 8 + 64);
  assert.ok(
    events.some((event) => event.type === "limit-reached" && event.limit === "unknown-callers"),
  );
});

Deno.test("reviews take turns: a caller who asks for a thousand namespaces does not delay another's one", async () => {
  const { authorizer, reviewer } = setUp();
  reviewer.answer = null;
  const many = Array.from({ length: 1000 }, (_, index) => `ns-${index}`);
  const greedy = user("greedy");
  const calls = [0, 1, 2].map((part) =>
    authorizer.authorize(greedy, many.slice(part * 300, (part + 1) * 300))
  );
  await idle();
  assert.equal(reviewer.asked.length, 16, "as many as there are connections");
  const innocent = authorizer.authorize(alice, ["a"]);
  await idle();
  reviewer.asked[0]?.resolve(true);
  await idle();
  reviewer.asked[1]?.resolve(true);
  await idle();
  const asked = reviewer.asked.findIndex(({ identity }) => identity === alice);
  assert.ok(asked >= 16 && asked <= 17, `asked as number ${asked}`);
  reviewer.asked[asked]?.resolve(true);
  await innocent;
  for (let index = 0; index < reviewer.asked.length; index++) {
    reviewer.asked[index]?.resolve(true);
    await idle();
  }
  await Promise.all(calls);
});
