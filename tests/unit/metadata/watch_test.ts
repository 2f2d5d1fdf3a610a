import assert from "node:assert/strict";
import { Failure } from "../../../src/failure/failure.ts";
import { FileWatcher } from "../../../src/files/file_watcher.ts";
import { watchLogs } from "../../../src/metadata/watch.ts";
import { type AgentEvent, silent } from "../../../src/telemetry/events.ts";
import type { Listing } from "../../../src/files/folder_listing.ts";
import type { FolderEntry, LogFolder } from "../../../src/files/log_folder.ts";
import { parseLogFileName } from "../../../src/files/name.ts";
import { replaceFileSystem, stat } from "../../../src/platform/files.ts";
import { idle, ManualClock } from "../../harness/manual_clock.ts";
import { PassingClock } from "../../harness/passing_clock.ts";
import { MemoryFiles } from "../../harness/memory_files.ts";

function setUp(clock = new ManualClock()) {
  const root = Deno.makeTempDirSync({ prefix: "watch-" });
  Deno.mkdirSync(`${root}/containers`);
  Deno.mkdirSync(`${root}/pods`);
  const roots = { containerLogsDir: `${root}/containers`, logRoots: [root] };
  const watcher = new FileWatcher({ roots, report: silent, clock, watch: null });
  const stop = new AbortController();
  const reported: AgentEvent[] = [];
  return {
    root,
    clock,
    watcher,
    stop,
    reported,
    watch: (namespaces: string[] = []) =>
      watchLogs({
        roots,
        nodeName: "node-1",
        namespaces,
        watcher,
        debounceMs: 2000,
        signal: stop.signal,
        report: (event) => void reported.push(event),
      }),
    add(id: string, namespace = "ns") {
      Deno.writeTextFileSync(`${root}/pods/${id}`, "");
      Deno.symlinkSync(`${root}/pods/${id}`, `${root}/containers/pod_${namespace}_app-${id}.log`);
    },
    write: (id: string, text: string) =>
      Deno.writeTextFileSync(`${root}/pods/${id}`, text, { append: true }),
    remove(id: string, namespace = "ns") {
      Deno.removeSync(`${root}/containers/pod_${namespace}_app-${id}.log`);
    },
    [Symbol.dispose]() {
      stop.abort();
      watcher.close();
      Deno.removeSync(root, { recursive: true });
    },
  };
}

/** The available events, as "TYPE id size". */
class Events {
  #next: Promise<void> | null = null;
  #found: string | null = null;

  constructor(readonly iterator: ReturnType<typeof watchLogs>) {}

  async now(most = Infinity): Promise<string[]> {
    const all: string[] = [];
    while (all.length < most) {
      this.#next ??= this.iterator.next().then(({ done, value }) => {
        this.#found = done
          ? "end"
          : `${value.type} ${value.object?.id} ${value.object?.fileInfo?.size}`;
      });
      for (let i = 0; i < 8 && this.#found === null; i++) await Promise.resolve();
      const found: string | null = this.#found;
      if (found === null) return all;
      this.#found = this.#next = null;
      all.push(found);
      if (found === "end") return all;
    }
    return all;
  }
}

Deno.test("there is no snapshot; additions and writes are reported within half a second, a log gone for two seconds after three", async () => {
  using t = setUp();
  t.add("old");
  const events = new Events(t.watch());
  t.clock.advance(500);
  assert.deepEqual(await events.now(), []);
  t.add("new");
  t.write("old", "12345");
  t.clock.advance(500);
  assert.deepEqual((await events.now()).sort(), ["ADDED new 0", "MODIFIED old 5"]);
  t.remove("new");
  t.clock.advance(2000);
  assert.deepEqual(await events.now(), [], "a rotation has a moment without a file");
  t.clock.advance(1000);
  assert.deepEqual(await events.now(), ["DELETED new 0"]);
});

Deno.test("a deleted log is reported with size 0 whatever it contained", async () => {
  using t = setUp();
  t.add("a");
  t.write("a", "12345");
  const events = new Events(t.watch());
  t.remove("a");
  t.clock.advance(3000);
  assert.deepEqual(await events.now(), ["DELETED a 0"]);
});

Deno.test("MODIFIED events of a file are sent at most every two seconds, and its last state is always sent", async () => {
  using t = setUp();
  t.add("a");
  const events = new Events(t.watch());
  const seen: string[] = [];
  for (let i = 0; i < 40; i++) {
    if (i < 21) t.write("a", "x");
    t.clock.advance(100);
    for (const event of await events.now()) seen.push(`${(i + 1) / 10} s: ${event}`);
  }
  assert.deepEqual(seen, ["0.5 s: MODIFIED a 5", "2.5 s: MODIFIED a 21"]);
});

Deno.test("a slow reader gets the last state of each file once", async () => {
  using t = setUp();
  for (let i = 0; i < 10; i++) t.add(`f${i}`);
  const events = new Events(t.watch());
  t.write("f0", "1");
  t.write("f1", "1");
  t.clock.advance(500);
  assert.equal((await events.now(1)).length, 1);
  for (let round = 0; round < 50; round++) {
    for (let i = 0; i < 10; i++) t.write(`f${i}`, "x");
    t.add("brief");
    t.clock.advance(3000);
    t.remove("brief");
    Deno.removeSync(`${t.root}/pods/brief`);
    t.clock.advance(3000);
  }
  t.remove("f9");
  t.clock.advance(3000);
  const rest = (await events.now()).sort();
  const expected = ["DELETED f9 0"];
  for (let i = 0; i < 9; i++) expected.push(`MODIFIED f${i} ${i < 2 ? 51 : 50}`);
  assert.deepEqual(rest.filter((event) => !event.startsWith("MODIFIED f1 1")), expected.sort());
});

Deno.test("the moment without a file during a rotation is at most MODIFIED", async () => {
  using t = setUp();
  t.add("a");
  t.write("a", "12345");
  const events = new Events(t.watch());
  Deno.removeSync(`${t.root}/pods/a`);
  t.clock.advance(1500);
  assert.deepEqual(await events.now(), []);
  t.write("a", "1");
  t.clock.advance(500);
  assert.deepEqual(await events.now(), ["MODIFIED a 1"]);
  t.remove("a");
  t.clock.advance(500);
  t.add("a");
  t.clock.advance(5000);
  assert.deepEqual((await events.now()).filter((event) => !event.startsWith("MODIFIED")), []);
});

Deno.test("only the named namespaces are reported", async () => {
  using t = setUp();
  const events = new Events(t.watch(["a", "b"]));
  t.add("one", "a");
  t.add("two", "b");
  t.add("three", "c");
  t.clock.advance(500);
  assert.deepEqual((await events.now()).sort(), ["ADDED one 0", "ADDED two 0"]);
});

Deno.test("a link whose file appears later is ADDED when the file exists", async () => {
  using t = setUp();
  const events = new Events(t.watch());
  Deno.symlinkSync(`${t.root}/pods/x`, `${t.root}/containers/pod_ns_app-x.log`);
  t.clock.advance(500);
  assert.deepEqual(await events.now(), []);
  t.write("x", "12");
  t.clock.advance(500);
  assert.deepEqual(await events.now(), ["ADDED x 2"]);
});

Deno.test("the signal ends a watch, and listing stops", async () => {
  using t = setUp();
  const events = new Events(t.watch());
  assert.deepEqual(await events.now(), []);
  t.stop.abort();
  assert.deepEqual(await events.now(), ["end"]);
  assert.equal(t.clock.timers, 0);
  assert.deepEqual(t.reported, [
    { type: "watchers", change: 1 },
    { type: "watchers", change: -1 },
  ]);
});

Deno.test("a missing log folder is a Failure", () => {
  using t = setUp();
  Deno.removeSync(`${t.root}/containers`, { recursive: true });
  assert.throws(() => t.watch(), (e) => e instanceof Failure && e.kind === "not-found");
});

Deno.test("while the log folder or its files cannot be examined, nothing is reported", async (t) => {
  for (const refusal of ["permission-denied", "no-descriptors"] as const) {
    await t.step(refusal, async () => {
      const files = new MemoryFiles();
      using _ = replaceFileSystem(files);
      const clock = new ManualClock();
      files.create("/pods/a")(new Uint8Array(5));
      files.link("/containers/pod_ns_app-a.log", "/pods/a");
      const roots = { containerLogsDir: "/containers", logRoots: ["/"] };
      const watcher = new FileWatcher({ roots, report: silent, clock, watch: null });
      const stop = new AbortController();
      const events = new Events(watchLogs({
        roots,
        nodeName: "node-1",
        namespaces: [],
        watcher,
        debounceMs: 2000,
        signal: stop.signal,
        report: silent,
      }));
      files.refusal = refusal;
      clock.advance(10_000);
      assert.deepEqual(await events.now(), []);
      files.refusal = null;
      clock.advance(1000);
      assert.deepEqual(await events.now(), []);
      stop.abort();
      watcher.close();
    });
  }
});

Deno.test("regression: a reader of very many events blocked the event loop until the last one", async () => {
  using t = setUp();
  const events = t.watch();
  await events.begun;
  for (let i = 0; i < 2000; i++) t.add(`x${i}`);
  t.clock.advance(500);
  let read = 0;
  const all = (async () => {
    for await (const { type } of events) {
      assert.equal(type, "ADDED");
      if (++read === 2000) return;
    }
  })();
  let turns = 0;
  for (; read < 2000; turns++) await new Promise((resolve) => setImmediate(resolve));
  await all;
  assert.ok(turns >= 3, `${turns} turns`);
});

Deno.test("regression: a log that appeared while an older listing was still noted was not reported", async () => {
  let listed: Listing = () => {};
  const noting: Iterator<void, void>[] = [];
  const folder: LogFolder = { entries: new Map(), unknown: new Set() };
  const watcher = {
    clock: new ManualClock(),
    turns: { runSteps: (steps: Iterator<void, void>) => void noting.push(steps) },
    listing: {
      begin(listing: Listing) {
        listed = listing;
        return { folder, end: () => {} };
      },
    },
  } as unknown as FileWatcher;
  const stop = new AbortController();
  const events = new Events(watchLogs({
    roots: { containerLogsDir: "/logs", logRoots: ["/logs"] },
    nodeName: "node-1",
    namespaces: [],
    watcher,
    debounceMs: 2000,
    signal: stop.signal,
    report: silent,
  }));
  const fileName = `pod_ns_app-${"a".repeat(64)}.log`;
  const name = parseLogFileName(fileName);
  assert(name !== null);
  const others = Array.from({ length: 64 }, (_, index) => `gone-${index}`);
  const entry: FolderEntry = {
    name,
    path: `/logs/${fileName}`,
    facts: stat(import.meta.filename!),
  };

  listed(folder, new Set([...others, fileName]));
  noting[0]?.next();
  listed({ entries: new Map([[fileName, entry]]), unknown: new Set() }, new Set([fileName]));
  while (!noting[1]?.next().done);
  while (!noting[0]?.next().done);
  assert.equal((await events.now()).length, 1);
  stop.abort();
});

Deno.test("a watch of a very large folder begins when that has been read, or ends with its signal before", async () => {
  using t = setUp(new PassingClock(0.5));
  for (let i = 0; i < 400; i++) t.add(`x${i}`);
  const events = t.watch();
  let hasBegun = false;
  const begun = events.begun.then(() => hasBegun = true);
  const next = events.next();
  await idle();
  assert.equal(hasBegun, false);
  await t.clock.pass(100);
  await begun;
  t.add("later");
  await t.clock.pass(1000);
  assert.equal((await next).value?.object?.id, "later");

  await t.clock.pass(100);
  const ended = t.watch();
  const end = ended.next();
  t.stop.abort();
  await ended.begun;
  assert.equal((await end).done, true);
});
