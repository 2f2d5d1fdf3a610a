import assert from "node:assert/strict";
import { Failure } from "../../../src/failure/failure.ts";
import type { Identity } from "../../../src/auth/identity.ts";
import type { ReviewedIdentity } from "../../../src/auth/review.ts";
import { identityHash } from "../../../src/auth/user.ts";
import { Verdicts } from "../../../src/auth/verdicts.ts";
import type { AgentEvent } from "../../../src/telemetry/events.ts";
import { ManualClock } from "../../harness/manual_clock.ts";
import { failure } from "../pool/fake_pool.ts";

/** A reviewer whose answers come from the test. */
function setUp() {
  const asked: {
    readonly namespace: string;
    readonly signal: AbortSignal;
    readonly resolve: (allowed: boolean) => void;
    readonly reject: (error: unknown) => void;
  }[] = [];
  const clock = new ManualClock();
  const events: AgentEvent[] = [];
  const verdicts = new Verdicts({
    reviewer: {
      review(_identity, namespace, { signal }) {
        const { promise, resolve, reject } = Promise.withResolvers<boolean>();
        asked.push({ namespace, signal, resolve, reject });
        return promise;
      },
    },
    report: (event) => events.push(event),
    clock,
  });
  const ask = (
    identity: ReviewedIdentity,
    namespace: string,
    signal = new AbortController().signal,
  ) => {
    const verdict = verdicts.ask(identity, identityHash(identity), namespace, signal);
    verdict.catch(() => {});
    return verdict;
  };
  const known = (identity: ReviewedIdentity, namespace: string, maxAgeMs: number) =>
    verdicts.known(identityHash(identity), namespace, maxAgeMs);
  return { asked, clock, events, verdicts, ask, known };
}

const turn = () => new Promise((resolve) => setTimeout(resolve));
const user = (name: string): Extract<Identity, { kind: "front-proxy" }> => ({
  kind: "front-proxy",
  user: name,
  groups: [],
  extra: new Map(),
});
const [alice, bob] = [user("alice"), user("bob")];

Deno.test("a verdict is cached from the time of its request, and not used for another namespace or caller", async () => {
  const { asked, clock, ask, known, verdicts, events } = setUp();
  const verdict = ask(alice, "a");
  await turn();
  clock.skip(10);
  asked[0]!.resolve(true);
  assert.deepEqual(await verdict, { allowed: true, at: 0 });
  assert.equal(known(alice, "a", 10), null, "as old as that");
  assert.deepEqual(known(alice, "a", 11), { allowed: true, at: 0 });
  assert.equal(known(alice, "b", 11), null);
  assert.equal(known(bob, "a", 11), null);
  assert.equal(verdicts.oldest(identityHash(alice), ["a"]), 0);
  assert.equal(verdicts.oldest(identityHash(alice), ["a", "b"]), -Infinity);
  assert.deepEqual(events.map(({ type }) => type), ["review", "review-cached"]);
});

Deno.test("identical questions share one review, which ends with its last waiter", async () => {
  const { asked, ask } = setUp();
  const [first, second] = [new AbortController(), new AbortController()];
  const [one, other] = [ask(alice, "a", first.signal), ask(alice, "a", second.signal)];
  await turn();
  assert.equal(asked.length, 1);
  first.abort();
  await assert.rejects(one, failure("cancelled"));
  assert.equal(asked[0]!.signal.aborted, false);
  second.abort();
  await assert.rejects(other, failure("cancelled"));
  assert.equal(asked[0]!.signal.aborted, true);
});

Deno.test("a review that fails is everybody's failure, is counted, and is not kept", async () => {
  const { asked, ask, known, events } = setUp();
  const both = [ask(alice, "a"), ask(alice, "a")];
  await turn();
  asked[0]!.reject(new RangeError("no answer"));
  for (const one of both) await assert.rejects(one, RangeError);
  assert.equal(known(alice, "a", Infinity), null);
  assert.deepEqual(events.map((event) => event.type === "review" && event.verdict), ["error"]);
  void ask(alice, "a");
  await turn();
  assert.equal(asked.length, 2);
});

Deno.test("a token that the API server does not accept counts as denied: made-up tokens raise no alarm", async () => {
  for (const kind of ["unauthenticated", "permission-denied"] as const) {
    const { asked, ask, events, known } = setUp();
    const refused = ask(alice, "a");
    await turn();
    asked[0]!.reject(new Failure(kind, "not this one"));
    await assert.rejects(refused, failure(kind));
    assert.equal(known(alice, "a", Infinity), null);
    assert.deepEqual(events, [{ type: "review", verdict: "denied", seconds: 0 }]);
  }
});

Deno.test("at most 16 reviews are in progress, and callers take turns", async () => {
  const { asked, ask } = setUp();
  for (let i = 0; i < 40; i++) void ask(alice, `a${i}`);
  void ask(bob, "b");
  await turn();
  assert.equal(asked.length, 16);
  asked[0]!.resolve(true);
  asked[1]!.resolve(true);
  await turn();
  assert.ok(
    asked.slice(16, 18).some(({ namespace }) => namespace === "b"),
    "bob waits for one turn",
  );
});
