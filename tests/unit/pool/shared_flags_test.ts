import assert from "node:assert/strict";
import { REQUEST_FLAGS, SharedFlags } from "../../../src/pool/shared_flags.ts";

/** The pool's view and the worker's: two objects on the same memory. */
function pair(): { pool: SharedFlags; worker: SharedFlags } {
  const pool = new SharedFlags();
  return { pool, worker: new SharedFlags(pool.buffer) };
}

Deno.test("a request is either begun or revoked, never both", () => {
  const { pool, worker } = pair();
  pool.queue(1);
  assert.equal(worker.begin(1), "begun");
  assert.equal(pool.revoke(1), false);
  pool.queue(2);
  assert.equal(pool.revoke(2), true);
  assert.equal(worker.begin(2), "revoked");
});

Deno.test("a request that is stopped before it was begun is not begun", () => {
  const { pool, worker } = pair();
  pool.queue(1);
  assert.equal(pool.stop(1), false);
  assert.equal(worker.begin(1), "stopped");
  pool.queue(2);
  worker.begin(2);
  assert.equal(pool.stop(2), true);
  assert.ok(worker.isStopped(2));
});

Deno.test("a flag is free again when its request has been passed, over the wrap of the numbers, too", () => {
  const { pool, worker } = pair();
  let id = 0x7fff_ffff - REQUEST_FLAGS;
  worker.finish(id);
  for (let round = 0; round < 3 * REQUEST_FLAGS; round++) {
    id = (id + 1) | 0;
    pool.queue(id);
    assert.equal(pool.outstanding(id), 1);
    assert.equal(worker.begin(id), "begun");
    worker.finish(id);
    assert.ok(pool.isFinished(id));
  }
  for (let i = 0; i < REQUEST_FLAGS; i++) pool.queue(id = (id + 1) | 0);
  assert.throws(() => pool.queue((id + 1) | 0));
});

Deno.test("only computing counts; engine memory is kept in whole KiB", () => {
  const { pool, worker } = pair();
  assert.equal(pool.isComputing, false);
  worker.startComputing();
  assert.equal(pool.isComputing, true);
  worker.stopComputing();
  assert.equal(pool.isComputing, false);
  assert.ok(pool.computedMs >= 0);
  worker.finish(1);
  assert.equal(pool.computedMs, 0);
  worker.engineBytes = 1025;
  assert.equal(pool.engineBytes, 2048);
});
