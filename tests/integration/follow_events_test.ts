import assert from "node:assert/strict";
import { Changes } from "../../src/files/changes.ts";
import { type AppendedRange, Follows } from "../../src/files/follow.ts";
import type { LogName } from "../../src/files/name.ts";
import { silent } from "../../src/telemetry/events.ts";
import { append, criLine, LogTree, type TreeLog } from "../harness/log_tree.ts";

/** With the platform's own events and time: no test here moves a clock or asks anything to look. */

function nameOf(log: TreeLog): LogName {
  return {
    namespace: log.namespace,
    podName: log.pod,
    containerName: log.container,
    containerId: log.id,
  };
}

/** Reads until the text has come. */
async function readUntil(ranges: AsyncIterator<AppendedRange>, wanted: string): Promise<void> {
  let text = "";
  while (text.length < wanted.length) {
    const next = await ranges.next();
    assert(!next.done, `the end after ${JSON.stringify(text)}`);
    const bytes = new Uint8Array(next.value.to - next.value.from);
    next.value.source.readAt(next.value.from, bytes);
    text += new TextDecoder().decode(bytes);
  }
  assert.equal(text, wanted);
}

/** What this process holds open, and how many inotify watches, as another process sees it. */
async function resources(): Promise<{ descriptors: number; watches: number }> {
  const script = "ls /proc/$PPID/fd | wc -l; cat /proc/$PPID/fdinfo/* | grep -c '^inotify wd:'";
  const { stdout } = await new Deno.Command("sh", { args: ["-c", script], stderr: "null" })
    .output();
  const [descriptors, watches] = new TextDecoder().decode(stdout).split("\n").map(Number);
  assert(descriptors !== undefined && descriptors > 0 && watches !== undefined, "cannot look");
  return { descriptors, watches };
}

Deno.test("lines come by events through a rotation, and when the last follower goes all is given back within a second", async () => {
  using tree = new LogTree();
  const logs = [tree.add({ pod: "a" }), tree.add({ pod: "b", format: "docker" })];
  const roots = { containerLogsDir: tree.containerLogsDir, logRoots: tree.logRoots };
  const changes = new Changes({ roots, report: silent });
  const follows = new Follows({ roots, changes, report: silent, missingFileWaitMs: 0 });
  const start = { start: "end", signal: new AbortController().signal } as const;
  // The first watch of a process opens what all later ones share, and keeps it.
  const [first] = logs;
  assert(first !== undefined);
  await follows.follow(nameOf(first), start).return?.();
  await waitUntil(() => changes.state.watches === 0);
  const before = await resources();

  const readers = logs.map((log) => follows.follow(nameOf(log), start));
  const line = (n: number) => criLine("2026-11-23T10:00:00Z", `${n}`);
  for (const [i, log] of logs.entries()) {
    const reader = readers[i];
    assert(reader !== undefined);
    append(log, line(1));
    await readUntil(reader, line(1));
    Deno.renameSync(log.path, `${log.path}.1`);
    Deno.writeTextFileSync(log.path, line(2));
    await readUntil(reader, line(2));
  }
  assert((await resources()).watches > before.watches, "nothing was watched");

  for (const reader of readers) await reader.return?.();
  const gone = performance.now();
  await waitUntil(async () => {
    const now = await resources();
    return now.descriptors <= before.descriptors && now.watches <= before.watches;
  });
  assert(performance.now() - gone < 1000, "given back too late");
  follows.close();
  changes.close();
});

/** Looks again and again, because nothing tells when the kernel has let go. */
async function waitUntil(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!await condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}
