import assert from "node:assert/strict";
import { cancelled, unlessAborted } from "../../../src/auth/abort.ts";

Deno.test("a wait ends with its promise, or as soon as its call ends", async () => {
  const { signal } = new AbortController();
  assert.equal(await unlessAborted(Promise.resolve(5), signal), 5);
  await assert.rejects(unlessAborted(Promise.reject(new Error("x")), signal), /x/);
  const call = new AbortController();
  const waiting = unlessAborted(new Promise(() => {}), call.signal);
  call.abort();
  await assert.rejects(waiting, { name: "Failure", kind: "cancelled" });
  await assert.rejects(unlessAborted(Promise.resolve(5), AbortSignal.abort()), cancelled());
});
