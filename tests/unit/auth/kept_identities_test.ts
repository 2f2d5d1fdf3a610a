import assert from "node:assert/strict";
import type { Identity } from "../../../src/auth/identity.ts";
import { KeptIdentities } from "../../../src/auth/kept_identities.ts";

const groups = Array.from({ length: 10 }, (_, index) => `group-${index}`);

function alice(name = "alice"): Identity {
  return { kind: "front-proxy", user: name, groups: [...groups], extra: new Map() };
}

Deno.test("kept identities: equal ones are one, until the last call that needs it has ended", () => {
  const kept = new KeptIdentities({ memory: 10_000, onRefused: () => assert.fail() });
  const first = kept.keep(alice());
  const { bytes } = kept;
  assert.ok(bytes > 10 * "group-0".length);
  const second = kept.keep(alice());
  assert.equal(second.identity, first.identity);
  assert.equal(kept.bytes, bytes);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  assert.equal(kept.bytes, bytes);
  second[Symbol.dispose]();
  assert.equal(kept.bytes, 0);
});

Deno.test("kept identities: their memory is limited, and one that is there needs no more", () => {
  let refused = 0;
  const kept = new KeptIdentities({ memory: 1000, onRefused: () => refused++ });
  using _first = kept.keep(alice());
  assert.throws(() => kept.keep(alice("bob")), { kind: "resource-exhausted" });
  assert.equal(refused, 1);
  using _again = kept.keep(alice());
  using _token = kept.keep({ kind: "token", token: "small" });
  using _nobody = kept.keep({ kind: "anonymous" });
});
