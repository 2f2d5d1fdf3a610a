import assert from "node:assert/strict";
import type { LogSegment } from "../../../src/files/log_segment.ts";
import { SegmentChain } from "../../../src/files/segment_chain.ts";

const segments = ["a", "b", "c"].map((path) => ({ path }) as unknown as LogSegment);
const [a, b, c] = segments as [LogSegment, LogSegment, LogSegment];

function chain(): SegmentChain {
  const made = new SegmentChain(a);
  made.append(b);
  made.append(c);
  return made;
}

Deno.test("segments keep their order, and the last one is current", () => {
  const made = chain();
  assert.deepEqual([...made], segments);
  assert.equal(made.current, c);
  assert.deepEqual([made.after(a), made.after(b), made.after(c)], [b, c, null]);
});

Deno.test("segments older than every reader leave; the current one stays", () => {
  const made = chain();
  made.enter(a);
  made.enter(a);
  made.enter(b);
  assert.deepEqual(made.leave(a), [], "another one reads it");
  assert.deepEqual(made.leave(a), [a]);
  assert.equal(made.isRead(b), true);
  assert.deepEqual(made.leave(b), [b]);
  assert.deepEqual([...made], [c]);
  made.enter(c);
  assert.deepEqual(made.leave(c), []);
  assert.equal(made.current, c);
});
