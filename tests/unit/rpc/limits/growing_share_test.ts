import assert from "node:assert/strict";
import { GrowingShare } from "../../../../src/rpc/limits/growing_share.ts";
import { Shares } from "../../../../src/rpc/limits/shares.ts";

const KIB = 1024;

function setUp(total: number) {
  const shares = new Shares({ total: () => total });
  const evicted: string[] = [];
  const share = (name: string): GrowingShare => {
    const made = new GrowingShare(shares, {
      owners: [name, "10.0.0.1"],
      evict: () => {
        evicted.push(name);
        made.resize(0);
      },
    });
    return made;
  };
  return { shares, evicted, share };
}

Deno.test("growing share: it holds what it needs, by steps, and nothing for little", () => {
  const { shares, share } = setUp(100 * KIB);
  const one = share("a");
  const held = [0, 4 * KIB, 5 * KIB, 60 * KIB, 20 * KIB, 0].map((size) => {
    assert.ok(one.resize(size));
    return shares.held / KIB;
  });
  assert.deepEqual(held, [0, 0, 16, 64, 16, 0]);
});

Deno.test("growing share: the largest gives way completely, and is refused", () => {
  const { shares, evicted, share } = setUp(100 * KIB);
  const large = share("large");
  assert.ok(large.resize(90 * KIB));
  assert.equal(large.resize(200 * KIB), false);
  assert.deepEqual(evicted, []);
  const small = share("small");
  assert.ok(small.resize(30 * KIB));
  assert.deepEqual(evicted, ["large"]);
  assert.equal(shares.held, 32 * KIB);
});
