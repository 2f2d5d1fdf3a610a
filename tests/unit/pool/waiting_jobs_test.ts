import assert from "node:assert/strict";
import { type Waiter, WaitingJobs } from "../../../src/pool/waiting_jobs.ts";

const a = { name: "a" };
const b = { name: "b" };
const c = { name: "c" };

type TestJob = Waiter & { id: string };

function job(stream: { name: string }, number: number): TestJob {
  return { user: "", stream, isOver: false, id: `${stream.name}${number}` };
}

function jobOf(user: string, stream: { name: string }, number: number): TestJob {
  return { ...job(stream, number), user };
}

function drain(waiting: WaitingJobs<TestJob>): string {
  const ids: string[] = [];
  for (let next = waiting.take(); next !== undefined; next = waiting.take()) ids.push(next.id);
  return ids.join(" ");
}

Deno.test("streams take turns, however many jobs each has", () => {
  const waiting = new WaitingJobs<TestJob>();
  for (const number of [1, 2, 3]) waiting.add(job(a, number));
  waiting.add(job(b, 1));
  waiting.add(job(c, 1));
  waiting.add(job(c, 2));
  assert.equal(waiting.size, 6);
  assert.equal(drain(waiting), "a1 b1 c1 a2 c2 a3");
  assert.equal(waiting.size, 0);
});

Deno.test("a stream that arrives later waits for one job of each earlier stream, not for all of them", () => {
  const waiting = new WaitingJobs<TestJob>();
  for (const number of [1, 2, 3, 4]) waiting.add(job(a, number));
  assert.equal(waiting.take()?.id, "a1");
  waiting.add(job(b, 1));
  assert.equal(waiting.take()?.id, "a2");
  assert.equal(waiting.take()?.id, "b1");
});

Deno.test("a job that is put back is the next of all", () => {
  const waiting = new WaitingJobs<TestJob>();
  for (const number of [1, 2]) waiting.add(job(a, number));
  waiting.add(job(b, 1));
  const first = waiting.take()!;
  waiting.putBack(first);
  assert.equal(waiting.size, 3);
  assert.equal(drain(waiting), "a1 b1 a2");
  waiting.putBack(first);
  assert.equal(drain(waiting), "a1");
});

Deno.test("removed jobs, and those that were taken by what they are, are not given out", () => {
  const waiting = new WaitingJobs<TestJob>();
  const jobs = [job(a, 1), job(a, 2), job(b, 1), job(c, 1)];
  for (const each of jobs) waiting.add(each);
  waiting.remove(jobs[0]!);
  waiting.remove(jobs[2]!);
  waiting.remove(jobs[2]!); // Removing twice is harmless.
  assert.equal(waiting.size, 2);
  assert.deepEqual(waiting.takeAll((job) => job.stream === c), [jobs[3]]);
  assert.deepEqual(waiting.takeAll((job) => job.stream === b), []);
  assert.equal(waiting.size, 1);
  assert.equal(waiting.hasOtherThan(a), false);
  assert.equal(waiting.hasOtherThan(b), true);
  assert.equal(drain(waiting), "a2");
  assert.equal(waiting.hasOtherThan(b), false);
});

Deno.test("users take turns, and each user's streams within theirs", () => {
  const waiting = new WaitingJobs<TestJob>();
  for (const stream of [a, b]) {
    for (const number of [1, 2]) waiting.add(jobOf("alice", stream, number));
  }
  waiting.add(jobOf("bob", c, 1));
  waiting.add(jobOf("bob", c, 2));
  assert.equal(drain(waiting), "a1 c1 b1 c2 a2 b2");
});

Deno.test("a job that is over is passed by", () => {
  const waiting = new WaitingJobs<TestJob>();
  waiting.add({ ...job(a, 1), isOver: true });
  waiting.add(job(b, 1));
  assert.equal(drain(waiting), "b1");
  assert.equal(waiting.take(), undefined);
});
