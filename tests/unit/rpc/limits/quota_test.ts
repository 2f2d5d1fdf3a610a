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

Deno.test("the last tenth is for owners who hold few", () => {
  const quota = new Quota<string>({ total: 100, each: 50 });
  const fill = (owner: string) => {
    while (quota.exceeded(owner) === null) quota.take(owner);
  };
  fill("a");
  fill("b");
  assert.deepEqual([quota.of("a"), quota.of("b")], [50, 40]);
  assert.equal(quota.exceeded("b"), "total");
  fill("c");
  fill("d");
  assert.deepEqual([quota.of("c"), quota.of("d")], [8, 2]);
  assert.equal(quota.exceeded("e"), "total");
});

Deno.test("nothing is reserved where one owner may have all", () => {
  const quota = new Quota<string>({ total: 100, each: 100 });
  while (quota.exceeded("a") === null) quota.take("a");
  assert.equal(quota.total, 100);
});

Deno.test("nobody holds the most of nothing", () => {
  const quota = new Quota<string>({ total: 1, each: 1 });
  assert.equal(quota.greatest(), null);
  quota.take("a")[Symbol.dispose]();
  assert.equal(quota.greatest(), null);
});
