import assert from "node:assert/strict";
import { LaneRules } from "../../../src/pool/lane_rules.ts";
import { testJob as job } from "./test_job.ts";

Deno.test("a stream that computed for long is slow until it was fast for two pieces, then for four", () => {
  const rules = new LaneRules(1e9);
  const stream = {};
  const fast = () => rules.completed(job(stream), true);
  rules.markSlow(stream);
  assert.equal(rules.laneOf(job(stream)), "slow");
  assert.deepEqual([fast(), fast()], [false, true]);
  assert.equal(rules.laneOf(job(stream)), "quick");
  rules.markSlow(stream);
  assert.deepEqual([fast(), fast(), fast(), fast()], [false, false, false, true]);
});

Deno.test("a check of the pattern says nothing about how fast it searches", () => {
  const rules = new LaneRules(1e9);
  const stream = {};
  rules.markSlow(stream);
  for (let i = 0; i < 10; i++) rules.completed(job(stream, { piece: null }), true);
  assert.equal(rules.laneOf(job(stream)), "slow");
});

Deno.test("others' jobs with a slow pattern go to the slow lane while it is at work there", () => {
  const rules = new LaneRules(1e9);
  const slow = job({});
  rules.markSlow(slow.stream);
  rules.enter(slow, rules.laneOf(slow));
  assert.equal(rules.laneOf(job({})), "slow");
  assert.equal(rules.laneOf(job({}, { grep: "y" })), "quick");
  rules.leave(slow);
  assert.equal(rules.laneOf(job({})), "quick");
});

Deno.test("a stream that waits for its disk stays aside for one job, and its pattern is not slow", () => {
  const rules = new LaneRules(1e9);
  const waiting = job({});
  rules.markWaiting(waiting.stream);
  rules.enter(waiting, rules.laneOf(waiting));
  assert.equal(waiting.lane, "slow");
  assert.equal(rules.laneOf(job({})), "quick");
  assert.equal(rules.completed(waiting, false), true);
  assert.equal(rules.laneOf(job(waiting.stream)), "quick");
});

Deno.test("a pattern that needs more memory than an engine has goes to the large lane", () => {
  const rules = new LaneRules(5_000_000);
  assert.equal(rules.laneOf(job({}, { grep: "needle" })), "quick");
  assert.equal(rules.laneOf(job({}, { grep: "\\w{100}z" })), "large");
  const stream = {};
  rules.markLarge(stream);
  assert.equal(rules.laneOf(job(stream)), "large");
});
