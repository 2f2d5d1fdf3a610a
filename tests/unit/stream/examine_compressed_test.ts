import assert from "node:assert/strict";
import type { ScanPool } from "../../../src/pool/pool.ts";
import { examineIn } from "../../../src/stream/examine_compressed.ts";

Deno.test("all followers examine as one stream of the pool: together they take one turn", async () => {
  const calls: [
    task: unknown,
    options: { readonly stream: object; readonly signal: AbortSignal },
  ][] = [];
  const answer = { examined: "text" };
  const pool = {
    examine: (...call: (typeof calls)[number]) => {
      calls.push(call);
      return Promise.resolve(answer);
    },
  } as unknown as ScanPool;
  const examine = examineIn(pool);
  const { signal } = new AbortController();
  const file = { format: "cri", path: "/log.gz", dev: 1, ino: 2 } as const;
  const range = { from: 1, to: 2 } as never;
  assert.equal(await examine(file, range, signal), answer);
  await examine({ ...file, ino: 3 }, null, signal);
  const compressed = { path: "/log.gz", dev: 1, ino: 2 };
  assert.deepEqual(calls[0]?.[0], { compressed, format: "cri", range });
  assert.equal(calls[0]?.[1].signal, signal);
  assert.equal(calls[1]?.[1].stream, calls[0]?.[1].stream);
});
