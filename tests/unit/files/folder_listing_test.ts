import assert from "node:assert/strict";
import { Failure } from "../../../src/failure/failure.ts";
import { FolderListing } from "../../../src/files/folder_listing.ts";
import { TaskTurns } from "../../../src/platform/task_turns.ts";
import { idle, ManualClock } from "../../harness/manual_clock.ts";
import { PassingClock } from "../../harness/passing_clock.ts";

function setUp() {
  const root = Deno.makeTempDirSync({ prefix: "listing-" });
  Deno.mkdirSync(`${root}/containers`);
  const clock = new ManualClock();
  const turns = new TaskTurns(clock);
  const listing = new FolderListing(`${root}/containers`, clock, turns);
  const path = (id: string) => `${root}/containers/p_n_c-${id}.log`;
  return {
    root,
    clock,
    listing,
    add: (id: string, text = "") => Deno.writeTextFileSync(path(id), text),
    remove: (id: string) => Deno.removeSync(path(id)),
    /** Begins to watch. Returns the names at the beginning, then the changed ones of each listing. */
    begin() {
      const seen: string[][] = [];
      const { folder, end } = listing.begin((_, changed) => void seen.push([...changed].sort()));
      assert.ok(!(folder instanceof Promise), "it is read in several turns");
      return { names: [...folder.entries.keys()].sort(), folder, seen, end };
    },
    [Symbol.dispose]() {
      listing.close();
      Deno.removeSync(root, { recursive: true });
    },
  };
}

const name = (id: string) => `p_n_c-${id}.log`;

Deno.test("the folder is listed once for all, every half second while someone watches, with what has changed", () => {
  using t = setUp();
  t.add("a");
  const first = t.begin();
  assert.deepEqual(first.names, [name("a")]);
  t.add("b");
  t.clock.advance(499);
  assert.deepEqual(first.seen, []);
  t.clock.advance(1);
  assert.deepEqual(first.seen, [[name("b")]]);
  t.add("b", "text");
  t.remove("a");
  t.clock.advance(500);
  assert.deepEqual(first.seen[1], [name("a"), name("b")]);
  t.clock.advance(500);
  assert.deepEqual(first.seen[2], []);
  Deno.removeSync(`${t.root}/containers`, { recursive: true });
  t.clock.advance(500);
  assert.deepEqual(first.seen[3], [name("b")], "a folder that is gone holds nothing");
  first.end();
  t.clock.advance(5000);
  assert.equal(first.seen.length, 4);
  assert.equal(t.clock.timers, 0);
});

Deno.test("many watchers that start at once share one listing and miss nothing after it", () => {
  using t = setUp();
  t.add("a");
  const first = t.begin();
  t.add("b");
  const second = t.begin();
  assert.equal(second.folder, first.folder);
  t.clock.advance(60);
  // This one reads the folder, so the others now learn about b.
  const third = t.begin();
  assert.deepEqual(third.names, [name("a"), name("b")]);
  assert.deepEqual([first.seen, second.seen, third.seen], [[[name("b")]], [[name("b")]], []]);
});

Deno.test("an unreadable folder reports nothing, and a missing one refuses new watchers", () => {
  using t = setUp();
  Deno.removeSync(`${t.root}/containers`);
  assert.throws(() => t.begin(), (e) => e instanceof Failure && e.kind === "not-found");
  assert.equal(t.clock.timers, 0);
});

Deno.test("whoever began to watch kept a listing of his own: they share what has not changed in between", () => {
  using t = setUp();
  t.add("a");
  t.add("b");
  const first = t.begin();
  t.clock.advance(100);
  const second = t.begin();
  assert.equal(second.folder, first.folder, "nothing has changed");
  t.add("b", "text");
  t.add("c");
  t.clock.advance(100);
  const third = t.begin();
  assert.deepEqual(third.names, ["a", "b", "c"].map(name));
  const entry = ({ folder }: typeof first, id: string) => folder.entries.get(name(id));
  assert.equal(entry(third, "a"), entry(first, "a"));
  assert.notEqual(entry(third, "b"), entry(first, "b"));
  assert.equal(entry(third, "b")?.facts.size, 4);
  for (const each of [first, second, third]) each.end();
});

Deno.test("hundreds who watch thousands of logs are told some at a time, and of two listings at once where the second came first", async () => {
  using t = setUp();
  const watchers = Array.from({ length: 30 }, () => t.begin());
  const ids = Array.from({ length: 1000 }, (_, index) => `x${index}`);
  for (const id of ids) t.add(id);
  t.clock.advance(500);
  const told = () => watchers.filter(({ seen }) => seen.length > 0).length;
  assert.ok(told() > 0 && told() < 30, `${told()} in the first turn`);
  t.add("late");
  t.clock.advance(500);
  const names = () => watchers.reduce((sum, { seen }) => sum + seen.flat().length, 0);
  while (names() < 30 * 1001) {
    const before = names();
    await new Promise((resolve) => setImmediate(resolve));
    assert.ok(names() - before <= 11_011, `${names() - before} names in one turn`);
  }
  for (const { seen, end } of watchers) {
    assert.deepEqual(new Set(seen.flat()), new Set([...ids, "late"].map(name)));
    assert.equal(seen.flat().length, 1001, "each once");
    end();
  }
});

Deno.test("regression: a folder of very many logs was read in one turn of the event loop", async () => {
  using t = setUp();
  for (let i = 0; i < 400; i++) t.add(`x${i}`);
  // On this clock, each step takes a millisecond.
  const clock = new PassingClock(1);
  const turns = new TaskTurns(clock);
  const listing = new FolderListing(`${t.root}/containers`, clock, turns);
  const changes: number[] = [];
  const begin = () => listing.begin((_, changed) => void changes.push(changed.size));
  const first = begin();
  const second = begin();
  const gone = begin();
  assert.ok(first.folder instanceof Promise);
  gone.end();
  let others = 0;
  for (; turns.waiting > 0; others++) {
    clock.advance(0);
    await idle();
  }
  assert.ok(others >= 3, `${others} turns`);
  assert.equal((await first.folder).entries.size, 400);
  assert.equal(await first.folder, await second.folder, "read once for both");
  t.add("later");
  while (changes.length < 2) await clock.pass(500);
  assert.deepEqual(changes, [1, 1]);
  listing.close();
});

Deno.test("a large folder that goes while it is read holds nothing any more", async () => {
  using t = setUp();
  for (let i = 0; i < 400; i++) t.add(`x${i}`);
  const clock = new PassingClock(0.5);
  const listing = new FolderListing(`${t.root}/containers`, clock, new TaskTurns(clock));
  const changes: number[] = [];
  const { folder } = listing.begin((_, changed) => void changes.push(changed.size));
  await clock.pass(100);
  assert.equal((await folder).entries.size, 400);
  Deno.removeSync(`${t.root}/containers`, { recursive: true });
  while (changes.length === 0) await clock.pass(500);
  assert.equal(changes[0], 400);
  listing.close();
});
