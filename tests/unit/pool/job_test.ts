import assert from "node:assert/strict";
import { Job } from "../../../src/pool/job.ts";

function job(
  options: { signal?: AbortSignal; isWanted?: () => boolean; onSettled?: () => void } = {},
) {
  return new Job({
    stream: {},
    user: "alice",
    piece: null,
    spec: { format: "cri", direction: "forward", grep: "x", maxRecordBytes: 1024 },
    signal: options.signal,
    isInlined: false,
    isWanted: options.isWanted,
    onSettled: options.onSettled ?? (() => {}),
  });
}

Deno.test("the first result counts, and is reported once", async () => {
  let settled = 0;
  const one = job({ onSettled: () => settled++ });
  one.finish(null);
  one.fail(new Error("late"));
  one.finish(null);
  assert.equal(await one.result, null);
  assert.equal(settled, 1);
  const other = job();
  other.fail(new Error("first"));
  await assert.rejects(other.result, /first/);
});

Deno.test("a job is over with its result, its call, or when nobody wants it", () => {
  const call = new AbortController();
  const one = job({ signal: call.signal });
  assert.equal(one.isOver, false);
  call.abort();
  assert.equal(one.isOver, true);
  let isWanted = true;
  const shared = job({ isWanted: () => isWanted });
  assert.equal(shared.isOver, false);
  isWanted = false;
  assert.equal(shared.isOver, true);
});
