import assert from "node:assert/strict";
import type { Identity } from "../../../src/auth/identity.ts";
import { KeptIdentities } from "../../../src/rpc/kept_identities.ts";

const groups = Array.from({ length: 10 }, (_, index) => `group-${index}`);

function alice(name = "alice"): Identity {
  return { kind: "front-proxy", user: name, groups: [...groups], extra: new Map() };
}

function setUp(memory: number) {
  let refused = 0;
  const evicted: string[] = [];
  const kept = new KeptIdentities({ memory, onRefused: () => refused++ });
  /** Keeps one for a call of the account, over the connection. */
  const keep = (identity: Identity, account: string, connection = "proxy") =>
    kept.keep(identity, {
      owners: [account, account, connection],
      evict: (why) => evicted.push(`${account}: ${why.kind}`),
    });
  return { kept, keep, evicted, refused: () => refused };
}

Deno.test("kept identities: equal ones are one, until the last call that needs it has ended", () => {
  const { kept, keep } = setUp(10_000);
  const first = keep(alice(), "alice");
  const { bytes } = kept;
  assert.ok(bytes > 10 * "group-0".length);
  const second = keep(alice(), "alice");
  assert.equal(second.identity, first.identity);
  assert.equal(kept.bytes, bytes);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  assert.equal(kept.bytes, bytes);
  second[Symbol.dispose]();
  assert.equal(kept.bytes, 0);
});

Deno.test("kept identities: their memory is limited, and one that is there needs no more", () => {
  const { keep, refused } = setUp(1000);
  using _first = keep(alice(), "alice");
  assert.throws(() => keep(alice("robert"), "robert"), { kind: "resource-exhausted" });
  assert.equal(refused(), 1);
  using _again = keep(alice(), "alice");
  using _token = keep({ kind: "token", token: "small" }, "token");
  using _nobody = keep({ kind: "anonymous" }, "nobody");
});

Deno.test("kept identities: whoever keeps most gives way to others, with all calls that use it, and is the one to be refused", () => {
  const { kept, keep, evicted, refused } = setUp(2500);
  using stack = new DisposableStack();
  for (let index = 0; index < 4; index++) {
    for (let call = 0; call < 2; call++) stack.use(keep(alice(`mallory-${index}`), "mallory"));
  }
  assert.throws(() => keep(alice("mallory-x"), "mallory"), { kind: "resource-exhausted" });
  assert.deepEqual(evicted, []);
  const innocent = keep(alice("innocent"), "innocent");
  assert.deepEqual(evicted, ["mallory: resource-exhausted", "mallory: resource-exhausted"]);
  assert.equal(refused(), 2);
  const { bytes } = kept;
  innocent[Symbol.dispose]();
  assert.ok(kept.bytes < bytes);
  stack.dispose();
  assert.equal(kept.bytes, 0, "of the one that gave way nothing is given back twice");
});

Deno.test("kept identities: an evicted one is kept again for its next call", () => {
  const { kept, keep, evicted } = setUp(1300);
  const calls = [keep(alice("mallory-0"), "mallory"), keep(alice("mallory-1"), "mallory")];
  using _innocent = keep(alice("innocent"), "innocent");
  assert.deepEqual(evicted, ["mallory: resource-exhausted"]);
  calls[0]?.[Symbol.dispose]();
  const again = keep(alice("mallory-1"), "mallory");
  const { bytes } = kept;
  calls[1]?.[Symbol.dispose](); // The ended call.
  assert.equal(kept.bytes, bytes, "what the new call uses is still kept");
  again[Symbol.dispose]();
  assert.ok(kept.bytes < bytes);
});
