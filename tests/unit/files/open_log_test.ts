import assert from "node:assert/strict";
import { Failure } from "../../../src/failure/failure.ts";
import { type OpenLog, openLog } from "../../../src/files/open_log.ts";
import { TaskTurns } from "../../../src/platform/task_turns.ts";
import { idle, ManualClock } from "../../harness/manual_clock.ts";
import { append, LogTree } from "../../harness/log_tree.ts";

function setUp() {
  const tree = new LogTree();
  const log = tree.add({ content: "now\n" });
  const clock = new ManualClock();
  const turns = new TaskTurns(clock);
  const roots = { containerLogsDir: tree.containerLogsDir, logRoots: tree.logRoots };
  const name = {
    namespace: log.namespace,
    podName: log.pod,
    containerName: log.container,
    containerId: log.id,
  };
  return {
    log,
    clock,
    open: (options: { history?: boolean; signal?: AbortSignal } = {}) =>
      openLog(roots, name, { history: false, clock, turns, ...options }, (log) => log),
    [Symbol.dispose]: () => tree[Symbol.dispose](),
  };
}

async function texts(opening: Promise<OpenLog>): Promise<string[]> {
  const { current, history } = await opening;
  const older = await history?.open({
    fingerprint: () => assert.fail("nothing is compressed"),
    breathe: () => null,
  }) ?? [];
  return [...older.map(({ source }) => source), current].map((source) => {
    const bytes = new Uint8Array(source.size);
    source.readAt(0, bytes);
    source[Symbol.dispose]();
    return new TextDecoder().decode(bytes);
  });
}

Deno.test("the log is opened alone, with history behind its rotated files", async () => {
  using t = setUp();
  Deno.writeTextFileSync(`${t.log.path}.20261123-101530`, "before\n");
  assert.deepEqual(await texts(t.open()), ["now\n"]);
  assert.deepEqual(await texts(t.open({ history: true })), ["before\n", "now\n"]);
});

Deno.test("regression: a log that is just being rotated is not called missing", async () => {
  using t = setUp();
  Deno.renameSync(t.log.path, `${t.log.path}.20261123-101530`);
  const opened = texts(t.open({ history: true }));
  await idle();
  t.clock.advance(400);
  await idle();
  Deno.writeTextFileSync(t.log.path, "");
  append(t.log, "new\n");
  t.clock.advance(20);
  assert.deepEqual(await opened, ["now\n", "new\n"]);
});

Deno.test("a link whose file does not appear is not found after half a second", async () => {
  using t = setUp();
  Deno.removeSync(t.log.path);
  const opened = t.open();
  opened.catch(() => {});
  for (let i = 0; i < 30; i++) {
    t.clock.advance(20);
    await idle();
  }
  await assert.rejects(opened, (e) => e instanceof Failure && e.kind === "not-found");
});

Deno.test("a log without a link is reported as not found at once", async () => {
  using t = setUp();
  Deno.removeSync(t.log.link);
  await assert.rejects(t.open(), (e) => e instanceof Failure && e.kind === "not-found");
  assert.equal(t.clock.timers, 0);
});

Deno.test("the signal ends the wait for a file that does not come", async () => {
  using t = setUp();
  Deno.removeSync(t.log.path);
  const stop = new AbortController();
  const opened = t.open({ signal: stop.signal });
  stop.abort(new Error("gone"));
  await assert.rejects(opened, /gone/);
  assert.equal(t.clock.timers, 0);
});
