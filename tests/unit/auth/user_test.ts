import assert from "node:assert/strict";
import { type User, userHash } from "../../../src/auth/user.ts";

const alice: User = {
  user: "alice",
  groups: ["a", "b"],
  extra: new Map([["scopes", ["x", "y"]], ["authentication.kubernetes.io/credential-id", ["1"]]]),
};

Deno.test("user: the order of groups and extras, and the credential, do not matter", () => {
  const same: User = {
    user: "alice",
    groups: ["b", "a", "a"],
    extra: new Map([
      ["authentication.kubernetes.io/credential-id", ["2"]],
      ["authentication.kubernetes.io/pod-name", ["web"]],
      ["scopes", ["y", "x"]],
    ]),
  };
  assert.equal(userHash(alice), userHash(same));
  assert.match(userHash(alice), /^[0-9a-f]{64}$/);
});

Deno.test("user: whoever differs in anything else is another", () => {
  const others: Partial<User>[] = [
    { user: "alice2" },
    { groups: ["a"] },
    { groups: ["a,b"] },
    { extra: new Map() },
    { extra: new Map([["scopes", ["x"]]]) },
  ];
  const hashes = [alice, ...others.map((each) => ({ ...alice, ...each }))].map(userHash);
  assert.equal(new Set(hashes).size, hashes.length);
});
