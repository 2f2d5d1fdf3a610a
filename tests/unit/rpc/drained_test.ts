import assert from "node:assert/strict";
import { EventEmitter } from "node:events";
import { drained } from "../../../src/rpc/drained.ts";

Deno.test("true when the stream drains; false when it closes or the call ends", async () => {
  for (const [end, expected] of [["drain", true], ["close", false], ["abort", false]] as const) {
    const stream = new EventEmitter();
    const call = new AbortController();
    const waiting = drained(stream, call.signal);
    if (end === "abort") call.abort();
    else stream.emit(end);
    assert.equal(await waiting, expected, end);
    assert.equal(stream.listenerCount("drain") + stream.listenerCount("close"), 0);
  }
});

Deno.test("a call that has ended does not wait", async () => {
  const stream = new EventEmitter();
  assert.equal(await drained(stream, AbortSignal.abort()), false);
  assert.equal(stream.listenerCount("drain"), 0);
});
