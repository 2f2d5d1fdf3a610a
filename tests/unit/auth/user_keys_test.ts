import assert from "node:assert/strict";
import type { Identity } from "../../../src/auth/identity.ts";
import type { Reviewer } from "../../../src/auth/review.ts";
import { UserKeys } from "../../../src/auth/user_keys.ts";
import type { User } from "../../../src/auth/user.ts";

const { signal } = new AbortController();
const token = (text: string): Identity => ({ kind: "token", token: text });

function keys(whoIs: (text: string) => Promise<User | null>) {
  let asked = 0;
  const reviewer = {
    whoIs: (identity: { token: string }) => {
      asked++;
      return whoIs(identity.token);
    },
  } as unknown as Reviewer;
  const made = new UserKeys(reviewer);
  const keyOf = async (identity: Identity) => (await made.keyOf(identity, { signal })).user;
  return { keyOf, made, asked: () => asked };
}

const alice: User = { user: "alice", groups: ["devs"], extra: new Map() };

Deno.test("all tokens of one user have one key; it is asked for once for each", async () => {
  const { keyOf, asked } = keys(() => Promise.resolve(alice));
  const both = await Promise.all([keyOf(token("a")), keyOf(token("b")), keyOf(token("a"))]);
  assert.equal(new Set(both).size, 1);
  assert.equal(asked(), 2);
  const proxied: Identity = { kind: "front-proxy", ...alice };
  assert.equal(await keyOf(proxied), both[0], "the same user through the front proxy");
});

Deno.test("if the API server does not say whose a token is, it counts for itself", async () => {
  const { keyOf } = keys((text) =>
    text === "x" ? Promise.reject(new Error("x")) : Promise.resolve(null)
  );
  const all = await Promise.all([keyOf(token("a")), keyOf(token("b")), keyOf(token("x"))]);
  assert.equal(new Set(all).size, 3);
  assert.ok(all.every((key) => /^[0-9a-f]{64}$/.test(key)), "no token can be read from a key");
});

Deno.test("a call that ends does not wait, and ends no other call's wait", async () => {
  const answer = Promise.withResolvers<User | null>();
  const { made, asked } = keys(() => answer.promise);
  const call = new AbortController();
  const ended = made.keyOf(token("a"), { signal: call.signal });
  const waiting = made.keyOf(token("a"), { signal });
  call.abort();
  await assert.rejects(ended, { kind: "cancelled" });
  answer.resolve(alice);
  await waiting;
  assert.equal(asked(), 1);
});

Deno.test("what a subject's tokens may differ in does not make another account of it; a namespace's ServiceAccounts are one", async () => {
  const users: Record<string, User> = {
    a: alice,
    b: { ...alice, groups: ["ops"], extra: new Map([["scopes", ["x"]]]) },
    s: { ...alice, user: "system:serviceaccount:team-a:one" },
    t: { ...alice, user: "system:serviceaccount:team-a:two" },
    u: { ...alice, user: "system:serviceaccount:team-ab:one" },
  };
  const { made } = keys((text) => Promise.resolve(users[text] ?? null));
  const [a, b, s, t, u, unknown] = await Promise.all(
    ["a", "b", "s", "t", "u", "x"].map((text) => made.keyOf(token(text), { signal })),
  );
  assert.notEqual(a?.user, b?.user);
  assert.equal(a?.account, b?.account);
  assert.equal(s?.account, t?.account);
  assert.equal(new Set([a, s, u, unknown].map((key) => key?.account)).size, 4);
});
