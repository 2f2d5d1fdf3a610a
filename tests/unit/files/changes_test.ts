import assert from "node:assert/strict";
import { Changes } from "../../../src/files/changes.ts";
import type { Watch, WatchEvent } from "../../../src/platform/watch.ts";
import type { AgentEvent } from "../../../src/telemetry/events.ts";
import { ManualClock } from "../../harness/manual_clock.ts";

/** A watch whose events a test sends. */
class FakeWatch implements Watch {
  closed = false;
  #queue: WatchEvent[] = [];
  #wake: () => void = () => {};

  constructor(readonly root: string) {}

  async send(kind: WatchEvent["kind"], paths: string[], rescan = false) {
    this.#queue.push({ kind, paths, rescan });
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
  const root = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "changes-" }));
  const clock = new ManualClock();
  const watches: FakeWatch[] = [];
  const events: AgentEvent[] = [];
  const changes = new Changes({
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
  const looked: string[] = [];
  const onFile = (name: string, changed = false) =>
    changes.onFile(`${root}/${name}`, (cause) => {
      looked.push(cause === "tick" ? `${name}!` : name);
      return changed;
    });
  return {
    root,
    clock,
    watches,
    events,
    changes,
    looked,
    onFile,
    /** What was looked at since the last call. */
    looks: () => looked.splice(0),
    [Symbol.dispose]() {
      changes.close();
      Deno.removeSync(root, { recursive: true });
    },
  };
}

Deno.test("one watch for all files of a root, and an event looks only at its file", async () => {
  using t = setUp();
  t.onFile("a");
  t.onFile("b");
  t.onFile("b");
  assert.deepEqual(t.watches.map((watch) => watch.root), [t.root]);
  const watch = t.watches[0];
  await watch?.send("modify", [`${t.root}/b`]);
  assert.deepEqual(t.looks(), ["b", "b"]);
  await watch?.send("modify", [`${t.root}/other`]);
  await watch?.send("access", [`${t.root}/a`]);
  assert.deepEqual(t.looks(), []);
  await watch?.send("rename", [`${t.root}/x`, `${t.root}/a`]);
  assert.deepEqual(t.looks(), ["a"]);
});

Deno.test("all files are looked at every second, and at once when events were lost", async () => {
  using t = setUp();
  t.onFile("a");
  t.onFile("b");
  await t.watches[0]?.send("other", [], true);
  assert.deepEqual(t.looks(), ["a!", "b!"]);
  t.clock.advance(999);
  assert.deepEqual(t.looks(), []);
  t.clock.advance(1);
  assert.deepEqual(t.looks(), ["a!", "b!"]);
  t.clock.advance(1000);
  assert.deepEqual(t.looks(), ["a!", "b!"]);
});

Deno.test("events that come too fast close the watch, files are polled, after ten seconds it is tried again", async () => {
  using t = setUp();
  t.onFile("a");
  for (let i = 0; i < 1000; i++) await t.watches[0]?.send("modify", [`${t.root}/unfollowed`]);
  assert.equal(t.changes.state.polling, false);
  await t.watches[0]?.send("modify", [`${t.root}/unfollowed`]);
  assert.deepEqual(t.changes.state, { watches: 0, polling: true, files: 1 });
  assert.equal(t.watches[0]?.closed, true);
  t.looks();
  t.clock.advance(500);
  const polled = t.looks().length;
  assert(polled >= 10 && polled <= 26, `${polled} looks in half a second`);
  t.onFile("b");
  assert.equal(t.watches.length, 1, "no watch is opened while files are polled");
  t.clock.advance(9500);
  assert.deepEqual(t.changes.state, { watches: 1, polling: false, files: 2 });
  t.looks();
  t.clock.advance(900);
  assert(t.looks().length <= 2, "the polling goes on");
});

Deno.test("a thousand events spread over time are not too fast", async () => {
  using t = setUp();
  t.onFile("a");
  for (let second = 0; second < 5; second++) {
    for (let i = 0; i < 900; i++) await t.watches[0]?.send("modify", [`${t.root}/unfollowed`]);
    t.clock.advance(501);
  }
  assert.equal(t.changes.state.polling, false);
});

Deno.test("a file system that gives no events is polled", async () => {
  using t = setUp();
  t.onFile("a", true);
  await t.watches[0]?.send("modify", [`${t.root}/a`]);
  t.clock.advance(1000);
  assert.equal(t.changes.state.polling, false, "an event came in this second");
  t.clock.advance(1000);
  assert.equal(t.changes.state.polling, true);
});

Deno.test("where no watch can be had files are polled, and it is told once", () => {
  using t = setUp({ broken: true });
  t.onFile("a");
  assert.equal(t.changes.state.polling, true);
  t.looks();
  t.clock.advance(100);
  assert(t.looks().length >= 3);
  t.clock.advance(60_000);
  const warnings = t.events.filter((e) => e.type === "notice" && e.level === "warn");
  assert.equal(warnings.length, 1);
});

Deno.test("after the last file has gone nothing is left within a second", () => {
  using t = setUp();
  const forget = [t.onFile("a"), t.onFile("a")];
  const listed = t.changes.onListing(() => {});
  forget[0]?.();
  assert.equal(t.changes.state.files, 1);
  forget[1]?.();
  listed();
  t.clock.advance(999);
  assert.deepEqual(t.changes.state, { watches: 0, polling: false, files: 0 });
  assert.equal(t.watches[0]?.closed, true);
  assert.equal(t.clock.timers, 0);
});

Deno.test("a file that comes soon after the last one has gone finds the watch still open", () => {
  using t = setUp();
  t.onFile("a")();
  t.clock.advance(50);
  t.onFile("b");
  t.clock.advance(5000);
  assert.equal(t.watches.length, 1);
  assert.equal(t.watches[0]?.closed, false);
});

Deno.test("the log folder is listed once for all, every half second while someone wants it", () => {
  using t = setUp();
  Deno.mkdirSync(`${t.root}/containers`);
  const seen: string[][] = [];
  const end = t.changes.onListing((entries) => void seen.push([...entries.keys()]));
  Deno.writeTextFileSync(`${t.root}/containers/p_n_c-1.log`, "");
  t.clock.advance(499);
  assert.deepEqual(seen, []);
  t.clock.advance(1);
  assert.deepEqual(seen, [["p_n_c-1.log"]]);
  Deno.removeSync(`${t.root}/containers`, { recursive: true });
  t.clock.advance(500);
  assert.deepEqual(seen[1], [], "a folder that is gone holds nothing");
  end();
  t.clock.advance(5000);
  assert.equal(seen.length, 2);
});
