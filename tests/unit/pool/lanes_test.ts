import assert from "node:assert/strict";
import { LANES, Lanes } from "../../../src/pool/lanes.ts";
import { testJob } from "./test_job.ts";

const MIB = 2 ** 20;

function newLanes(largeTurnMs = 1e6): Lanes {
  return new Lanes({ engineBytes: 8 * MIB, largeTurnMs });
}

/** All jobs of a lane, in the order in which they are taken. */
function drained(lanes: Lanes, lane: (typeof LANES)[number]) {
  const jobs = [];
  for (let job = lanes.take(lane); job !== undefined; job = lanes.take(lane)) jobs.push(job);
  return jobs;
}

Deno.test("a job waits in the lane that is its own, and is given out once", () => {
  const lanes = newLanes();
  const quick = testJob({}, { grep: "" });
  const large = testJob({}, { grep: String.raw`\w{300}` });
  const inflating = testJob({}, {
    grep: "",
    examine: { compressed: { path: "/log.gz", dev: 1, ino: 2 }, range: null },
    piece: null,
  });
  for (const job of [quick, large, inflating]) lanes.add(job);
  assert.deepEqual(LANES.map((lane) => lanes.hasWaiting(lane)), [true, false, true, true]);
  assert.deepEqual(LANES.map((lane) => drained(lanes, lane)), [[quick], [], [large], [inflating]]);
  assert.deepEqual(LANES.map((lane) => lanes.hasWaiting(lane)), [false, false, false, false]);
});

Deno.test("a job that is put back is the next of its lane; one that is removed is never given out", () => {
  const lanes = newLanes();
  const [first, second, third] = [testJob(), testJob(), testJob()];
  for (const job of [first, second, third]) lanes.add(job);
  assert.equal(lanes.take("quick"), first);
  lanes.putBack(first);
  lanes.remove(second);
  assert.deepEqual(drained(lanes, "quick"), [first, third]);
});

Deno.test("waiting jobs with a slow pattern move to the slow lane with it, and the others stay", () => {
  const lanes = newLanes();
  const [slow, alike, other] = [
    testJob({}, { grep: "slow" }),
    testJob({}, { grep: "slow" }),
    testJob({}, { grep: "other" }),
  ];
  for (const job of [slow, alike, other]) lanes.add(job);
  assert.equal(lanes.take("quick"), slow);
  lanes.markSlow(slow);
  assert.deepEqual(drained(lanes, "quick"), [other]);
  assert.deepEqual(drained(lanes, "slow"), [alike]);
});

Deno.test("jobs of a stream that is fast again stayed in the slow lane, for they made their own pattern slow: they leave with it", () => {
  const lanes = newLanes();
  const stream = {};
  const jobs = [1, 2, 3, 4].map(() => testJob(stream, { grep: "slow" }));
  lanes.add(jobs[0]!);
  lanes.take("quick");
  lanes.markSlow(jobs[0]!);
  for (const job of jobs.slice(1)) lanes.add(job);
  for (const job of jobs.slice(0, 2)) {
    lanes.completed(job, true);
    lanes.remove(job);
  }
  assert.deepEqual(drained(lanes, "slow"), []);
  assert.deepEqual(drained(lanes, "quick"), jobs.slice(2));
});

Deno.test("a job that is set aside says nothing about its pattern", () => {
  const lanes = newLanes();
  const [waiting, alike] = [testJob({}, { grep: "x" }), testJob({}, { grep: "x" })];
  for (const job of [waiting, alike]) lanes.add(job);
  lanes.take("quick");
  lanes.setAside(waiting);
  assert.equal(waiting.lane, "slow");
  assert.deepEqual(drained(lanes, "quick"), [alike]);
});

Deno.test("a stream of the large lane keeps its turn while it lasts; then the others have theirs", () => {
  for (const [largeTurnMs, expected] of [[1e6, "a a a b b"], [0, "a b a b a"]] as const) {
    const lanes = newLanes(largeTurnMs);
    const [a, b] = [{}, {}];
    for (const stream of [a, a, a, b, b]) lanes.add(testJob(stream, { grep: String.raw`\w{300}` }));
    const order = drained(lanes, "large").map(({ stream }) => stream === a ? "a" : "b").join(" ");
    assert.equal(order, expected);
  }
});

Deno.test("a job that needs more memory than was guessed is the next of the large lane", () => {
  const lanes = newLanes();
  const [first, found] = [testJob({}, { grep: String.raw`\w{300}` }), testJob()];
  lanes.add(first);
  lanes.add(found);
  lanes.take("quick");
  lanes.putIntoLarge(found);
  assert.deepEqual(drained(lanes, "large"), [found, first]);
});

Deno.test("a stream's own job in the quick lane is no other's that waits", () => {
  const lanes = newLanes();
  const stream = {};
  lanes.add(testJob(stream));
  assert.equal(lanes.hasOthersInQuick(stream), false);
  assert.equal(lanes.hasOthersInQuick({}), true);
  lanes.add(testJob());
  assert.equal(lanes.hasOthersInQuick(stream), true);
  assert.equal(lanes.takeAll().length, 2);
});
