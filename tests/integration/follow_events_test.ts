import { cannotExamine } from "../harness/examine.ts";
import assert from "node:assert/strict";
import { atLine } from "../../src/files/appended_range.ts";
import { FileWatcher } from "../../src/files/file_watcher.ts";
import { FollowRegistry } from "../../src/files/follow_registry.ts";
import type { LogFollower } from "../../src/files/log_follower.ts";
import type { LogName } from "../../src/files/name.ts";
import { silent } from "../../src/telemetry/events.ts";
import { append, criLine, LogTree, type TreeLog } from "../harness/log_tree.ts";
import { descriptors, inotifyWatches } from "../harness/process_descriptors.ts";

/** With the platform's own events and time: no test here moves a clock or triggers a check. */

function nameOf(log: TreeLog): LogName {
  return {
    namespace: log.namespace,
    podName: log.pod,
    containerName: log.container,
    containerId: log.id,
  };
}

/** A follower whose output can be awaited. */
class Reader {
  readonly follower: LogFollower;
  #more = Promise.withResolvers<void>();

  constructor(registry: FollowRegistry, log: TreeLog) {
    this.follower = registry.follow(nameOf(log), "end", () => this.#more.resolve());
  }

  /** Reads until the text has arrived. */
  async readUntil(wanted: string): Promise<void> {
    let text = "";
    while (text.length < wanted.length) {
      const range = this.follower.take();
      if (range === null) {
        await this.#more.promise;
        this.#more = Promise.withResolvers();
        continue;
      }
      const bytes = new Uint8Array(range.to - range.from);
      range.source.readAt(range.from, bytes);
      text += new TextDecoder().decode(bytes);
      range.given(atLine(range.to));
    }
    assert.equal(text, wanted);
  }
}

/** The open files and the number of inotify watches of this process, as seen by another process. */
function resources(): { descriptors: number; watches: number } {
  return { descriptors: descriptors().length, watches: inotifyWatches() };
}

Deno.test("lines arrive through events across a rotation, and the last follower releases everything", async () => {
  using tree = new LogTree();
  const logs = [tree.add({ pod: "a" }), tree.add({ pod: "b", format: "docker" })];
  const roots = { containerLogsDir: tree.containerLogsDir, logRoots: tree.logRoots };
  const watcher = new FileWatcher({ roots, report: silent });
  const follows = new FollowRegistry({
    roots,
    watcher,
    report: silent,
    missingFileWaitMs: 0,
    examine: cannotExamine,
  });
  // The first watch of a process opens what all later ones share, and keeps it.
  const [first] = logs;
  assert(first !== undefined);
  new Reader(follows, first).follower[Symbol.dispose]();
  await waitUntil(() => watcher.state.watches === 0);
  const before = resources();

  const readers = logs.map((log) => new Reader(follows, log));
  const line = (n: number) => criLine("2026-11-23T10:00:00Z", `${n}`);
  for (const [i, log] of logs.entries()) {
    const reader = readers[i];
    assert(reader !== undefined);
    append(log, line(1));
    await reader.readUntil(line(1));
    Deno.renameSync(log.path, `${log.path}.1`);
    Deno.writeTextFileSync(log.path, line(2));
    await reader.readUntil(line(2));
  }
  assert(resources().watches > before.watches, "nothing was watched");

  for (const reader of readers) reader.follower[Symbol.dispose]();
  await waitUntil(() => {
    const now = resources();
    return now.descriptors <= before.descriptors && now.watches <= before.watches;
  });
  follows.close();
  watcher.close();
});

/** Polls, because there is no event for when the kernel has released a resource. */
async function waitUntil(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!await condition()) await new Promise((resolve) => setTimeout(resolve, 10));
}
