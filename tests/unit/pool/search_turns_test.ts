import assert from "node:assert/strict";
import { SearchTurns } from "../../../src/pool/search_turns.ts";
import { Random, runSeed } from "../../harness/random.ts";

interface TestJob {
  readonly user: string;
  readonly stream: { readonly name: string };
}

let now = 0;
let lastWaiting = 0;

function turns(perUser: number): SearchTurns<TestJob> {
  return new SearchTurns<TestJob>({
    perUser,
    turnMs: 100,
    now: () => now,
    onWaiting: (count) => lastWaiting = count,
  });
}

const streams = new Map<string, TestJob["stream"]>();

function job(user: string, stream: string): TestJob {
  const known = streams.get(stream) ?? { name: stream };
  streams.set(stream, known);
  return { user, stream: known };
}

Deno.test("each user has so many searches at work; the next begins when one has no job left", () => {
  const searches = turns(2);
  const [a, b, c] = ["a", "b", "c"].map((stream) => job("alice", stream)) as [
    TestJob,
    TestJob,
    TestJob,
  ];
  assert.deepEqual([a, b, c].map((each) => searches.begin(each)), [true, true, false]);
  assert.equal(searches.begin(job("bob", "d")), true);
  assert.equal(searches.begin(job("alice", "a")), true, "a search may have several jobs");
  assert.equal(searches.waiting, 1);
  assert.equal(lastWaiting, 1);
  assert.deepEqual(searches.end(a), []);
  assert.deepEqual(searches.end(a), [c]);
  assert.equal(lastWaiting, 0);
});

Deno.test("a search hands on its turn after some time, between two of its jobs", () => {
  const searches = turns(1);
  const a = job("alice", "a");
  const b = job("alice", "b");
  assert.equal(searches.begin(a), true);
  assert.equal(searches.begin(b), false);
  now += 50;
  assert.equal(searches.begin(a), true);
  now += 60;
  assert.equal(searches.begin(a), false);
  assert.deepEqual(searches.end(a), []);
  assert.deepEqual(searches.end(a), [b], "its former turn has ended, and the other came first");
  assert.deepEqual(searches.end(b), [a]);
});

Deno.test("whatever happens, no user has more searches at work than allowed, and each job begins or is removed once", () => {
  const seed = runSeed();
  for (let round = 0; round < 50; round++) {
    const random = new Random(seed + round);
    const perUser = 1 + random.below(4);
    const searches = turns(perUser);
    const begun: TestJob[] = [];
    const waiting: TestJob[] = [];
    let made = 0;
    let ended = 0;
    const end = () => {
      const [job] = begun.splice(random.below(begun.length), 1);
      ended++;
      for (const next of searches.end(job!)) {
        waiting.splice(waiting.indexOf(next), 1);
        begun.push(next);
      }
    };
    const check = () => {
      for (const user of ["alice", "bob"]) {
        const atWork = new Set(begun.filter((job) => job.user === user).map((job) => job.stream));
        assert.ok(atWork.size <= perUser, `SEED=${seed + round}`);
      }
    };
    for (let step = 0; step < 200; step++) {
      now += random.below(40);
      if (random.chance(0.5)) {
        const user = random.pick(["alice", "bob"]);
        const next = job(user, `${user}${random.below(6)}`);
        made++;
        (searches.begin(next) ? begun : waiting).push(next);
      } else if (begun.length > 0 && random.chance(0.8)) end();
      else if (waiting.length > 0) {
        const [removed] = waiting.splice(random.below(waiting.length), 1);
        assert.equal(searches.remove(removed!), true);
        ended++;
      }
      check();
    }
    while (begun.length > 0) end();
    assert.equal(waiting.length, 0, `SEED=${seed + round}`);
    assert.equal(ended, made, `SEED=${seed + round}`);
  }
});
