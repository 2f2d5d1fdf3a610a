import assert from "node:assert/strict";
import { FileWatcher } from "../../../src/files/file_watcher.ts";
import type { Watch, WatchEvent } from "../../../src/platform/folder_watch.ts";
import type { AgentEvent } from "../../../src/telemetry/events.ts";
import { ManualClock } from "../../harness/manual_clock.ts";

/** A watch whose events come from a test. */
class FakeWatch implements Watch {
  closed = false;
  #queue: WatchEvent[] = [];
  #wake: () => void = () => {};

  constructor(readonly root: string) {}

  async send(kind: WatchEvent["kind"], paths: string[], rescan = false) {
    this.#queue.push({ kind, paths, ...(rescan ? { flag: "rescan" } : {}) });
    this.#wake();
    for (let i = 0; i < 4; i++) await Promise.resolve();
  }

  close() {
    this.closed = true;
    this.#wake();
  }

  async *[Symbol.asyncIterator]() {
    while (!this.closed) {
      const event = this.#queue.shift();
      if (event !== undefined) yield event;
      else await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }
}

function setUp(options: { broken?: boolean } = {}) {
  const root = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "watcher-" }));
  const clock = new ManualClock();
  const watches: FakeWatch[] = [];
  const events: AgentEvent[] = [];
  const watcher = new FileWatcher({
    roots: { containerLogsDir: `${root}/containers`, logRoots: [root] },
    report: (event) => void events.push(event),
    clock,
    watch: (path) => {
      if (options.broken) throw new Error("too many watches");
      const watch = new FakeWatch(String(path));
      watches.push(watch);
      return watch;
    },
  });
  const checked: string[] = [];
  const onFile = (name: string, changed = false) =>
    watcher.onFile(`${root}/${name}`, (reason) => {
      checked.push(reason === "tick" ? `${name}!` : name);
      return changed;
    });
  return {
    root,
    clock,
    watches,
    events,
    watcher,
    checked,
    onFile,
    /** The checks since the last call. */
    checks: () => checked.splice(0),
    [Symbol.dispose]() {
      watcher.close();
      Deno.removeSync(root, { recursive: true });
    },
  };
}

Deno.test("one watch for all files of a root, and an event checks only its file", async () => {
  using t = setUp();
  t.onFile("a");
  t.onFile("b");
  t.onFile("b");
  assert.deepEqual(t.watches.map((watch) => watch.root), [t.root]);
  const watch = t.watches[0];
  await watch?.send("modify", [`${t.root}/b`]);
  assert.deepEqual(t.checks(), ["b", "b"]);
  t.clock.advance(5);
  await watch?.send("modify", [`${t.root}/other`]);
  await watch?.send("access", [`${t.root}/a`]);
  assert.deepEqual(t.checks(), []);
  await watch?.send("rename", [`${t.root}/x`, `${t.root}/a`]);
  assert.deepEqual(t.checks(), ["a"]);
});

Deno.test("files that are written at the same moment are found by the first events of them", async () => {
  using t = setUp();
  for (const name of ["a", "b", "c"]) t.onFile(name);
  await t.watches[0]?.send("modify", [`${t.root}/a`]);
  assert.deepEqual(t.checks(), ["a"]);
  await t.watches[0]?.send("modify", [`${t.root}/b`]);
  assert.deepEqual(t.checks(), ["b", "a", "b", "c"]);
  await t.watches[0]?.send("modify", [`${t.root}/c`]);
  assert.deepEqual(t.checks(), ["c"], "not all of them for each event");
});

Deno.test("all files are checked every second, and at once when events were lost", async () => {
  using t = setUp();
  t.onFile("a");
  t.onFile("b");
  await t.watches[0]?.send("other", [], true);
  assert.deepEqual(t.checks(), ["a!", "b!"]);
  t.clock.advance(999);
  assert.deepEqual(t.checks(), []);
  t.clock.advance(1);
  assert.deepEqual(t.checks(), ["a!", "b!"]);
  t.clock.advance(1000);
  assert.deepEqual(t.checks(), ["a!", "b!"]);
});

Deno.test("events that come too fast close the watch, files are polled, after ten seconds it is tried again", async () => {
  using t = setUp();
  t.onFile("a");
  for (let i = 0; i < 2000; i++) await t.watches[0]?.send("modify", [`${t.root}/unfollowed`]);
  assert.equal(t.watcher.state.polling, false);
  await t.watches[0]?.send("modify", [`${t.root}/unfollowed`]);
  assert.deepEqual(t.watcher.state, { watches: 0, polling: true, files: 1 });
  assert.equal(t.watches[0]?.closed, true);
  t.checks();
  t.clock.advance(500);
  const polled = t.checks().length;
  assert(polled >= 10 && polled <= 26, `${polled} looks in half a second`);
  t.onFile("b");
  assert.equal(t.watches.length, 1, "no watch is opened while files are polled");
  t.clock.advance(9500);
  assert.deepEqual(t.watcher.state, { watches: 1, polling: false, files: 2 });
  t.checks();
  t.clock.advance(900);
  assert(t.checks().length <= 2, "the polling continues");
});

Deno.test("2,000 events a second are not too fast, whatever readers do", async () => {
  using t = setUp();
  t.onFile("a");
  for (let second = 0; second < 5; second++) {
    for (let i = 0; i < 1990; i++) await t.watches[0]?.send("modify", [`${t.root}/unfollowed`]);
    for (let i = 0; i < 1000; i++) await t.watches[0]?.send("access", [`${t.root}/a`]);
    t.clock.advance(1001);
  }
  assert.equal(t.watcher.state.polling, false);
});

Deno.test("a file system that gives no events is polled", async () => {
  using t = setUp();
  t.onFile("a", true);
  await t.watches[0]?.send("modify", [`${t.root}/a`]);
  t.clock.advance(1000);
  assert.equal(t.watcher.state.polling, false, "the event of one change may be on its way");
  t.clock.advance(1000);
  assert.equal(t.watcher.state.polling, true);
});

Deno.test("regression: a change that a tick met before its event came was taken for a file system without events", async () => {
  using t = setUp();
  t.onFile("a", true);
  for (let second = 0; second < 5; second++) {
    t.clock.advance(1000);
    await t.watches[0]?.send("modify", [`${t.root}/a`]);
  }
  assert.equal(t.watcher.state.polling, false);
});

Deno.test("if no watch is available, files are polled, and this is reported once", () => {
  using t = setUp({ broken: true });
  t.onFile("a");
  assert.equal(t.watcher.state.polling, true);
  t.checks();
  t.clock.advance(100);
  assert(t.checks().length >= 3);
  t.clock.advance(60_000);
  const warnings = t.events.filter((e) => e.type === "notice" && e.level === "warn");
  assert.equal(warnings.length, 1);
});

Deno.test("after the last file has gone nothing is left within a second", () => {
  using t = setUp();
  const forget = [t.onFile("a"), t.onFile("a")];
  Deno.mkdirSync(`${t.root}/containers`);
  const listed = t.watcher.listing.begin(() => {}).end;
  forget[0]?.();
  assert.equal(t.watcher.state.files, 1);
  forget[1]?.();
  listed();
  t.clock.advance(999);
  assert.deepEqual(t.watcher.state, { watches: 0, polling: false, files: 0 });
  assert.equal(t.watches[0]?.closed, true);
  assert.equal(t.clock.timers, 0);
});

Deno.test("a file that appears soon after the last one has gone finds the watch still open", () => {
  using t = setUp();
  t.onFile("a")();
  t.clock.advance(50);
  t.onFile("b");
  t.clock.advance(5000);
  assert.equal(t.watches.length, 1);
  assert.equal(t.watches[0]?.closed, false);
});
