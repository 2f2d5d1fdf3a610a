import assert from "node:assert/strict";
import { LRUCache } from "lru-cache";
import { atMost } from "../../../src/auth/lru_bounds.ts";

Deno.test("a cache holds the entries that were used last, and no more than it may", () => {
  const cache = new LRUCache<number, number>(atMost(3));
  for (let key = 0; key < 3; key++) cache.set(key, key);
  cache.get(0);
  cache.set(3, 3);
  assert.deepEqual([...cache.keys()].sort(), [0, 2, 3]);
});

Deno.test("entries end with their time as well", () => {
  let now = 1;
  const cache = new LRUCache<number, number>({
    ...atMost(3),
    ttl: 10,
    ttlResolution: 0,
    perf: { now: () => now },
  });
  cache.set(1, 1);
  now += 5;
  assert.equal(cache.get(1), 1);
  now += 10;
  assert.equal(cache.get(1), undefined);
});

Deno.test("an empty cache with a large maximum has allocated no entries", () => {
  const before = Deno.memoryUsage().heapUsed;
  const caches = Array.from({ length: 20 }, () => new LRUCache<string, string>(atMost(100_000)));
  assert.ok(Deno.memoryUsage().heapUsed - before < 1_000_000 && caches.length === 20);
});
