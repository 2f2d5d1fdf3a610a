import assert from "node:assert/strict";
import { Quota } from "../../../../src/rpc/limits/quota.ts";

Deno.test("each owner and all together are limited, and what is disposed of is free again, once", () => {
  const quota = new Quota<string>({ total: 3, each: 2 });
  const first = quota.take("a");
  quota.take("a");
  assert.equal(quota.exceeded("a"), "each");
  assert.equal(quota.exceeded("b"), null);
  quota.take("b");
  assert.equal(quota.exceeded("c"), "total");
  assert.equal(quota.greatest(), "a");
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  assert.deepEqual([quota.total, quota.of("a"), quota.of("b")], [2, 1, 1]);
  assert.equal(quota.exceeded("a"), null);
});

Deno.test("nobody holds the most of nothing", () => {
  const quota = new Quota<string>({ total: 1, each: 1 });
  assert.equal(quota.greatest(), null);
  quota.take("a")[Symbol.dispose]();
  assert.equal(quota.greatest(), null);
});
