import assert from "node:assert/strict";
import { type AppendedRange, atLine } from "../../src/files/appended_range.ts";
import { FileWatcher } from "../../src/files/file_watcher.ts";
import { FollowRegistry } from "../../src/files/follow_registry.ts";
import type { LogFollower } from "../../src/files/log_follower.ts";
import { logName } from "./memory_log.ts";
import type { AgentEvent } from "../../src/telemetry/events.ts";
import type { ExamineCompressed } from "../../src/files/followed_gzip.ts";
import { cannotExamine } from "./examine.ts";
import { ManualClock } from "./manual_clock.ts";
import { openDescriptors } from "./open_descriptors.ts";

/** A container's log on disk, a clock that is moved by the test, and followers. */
export class FollowedFolder implements AsyncDisposable {
  readonly root = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "follow-" }));
  readonly folder = `${this.root}/pods/ns_pod_uid/app`;
  readonly log = `${this.folder}/0.log`;
  readonly link = `${this.root}/containers/pod_ns_app-abc.log`;
  readonly clock = new ManualClock();
  readonly events: AgentEvent[] = [];
  readonly watcher: FileWatcher;
  readonly follows: FollowRegistry;
  readonly #before = openDescriptors();

  constructor(options: { empty?: boolean; examine?: ExamineCompressed } = {}) {
    Deno.mkdirSync(this.folder, { recursive: true });
    Deno.mkdirSync(`${this.root}/containers`);
    const roots = { containerLogsDir: `${this.root}/containers`, logRoots: [this.root] };
    const report = (event: AgentEvent) => void this.events.push(event);
    this.watcher = new FileWatcher({ roots, report, clock: this.clock, watch: null });
    this.follows = new FollowRegistry({
      roots,
      watcher: this.watcher,
      report,
      missingFileWaitMs: 10_000,
      examine: options.examine ?? cannotExamine,
    });
    if (!options.empty) this.create();
  }

  create() {
    this.append("");
    Deno.symlinkSync(this.log, this.link);
  }

  append(text: string, path = this.log) {
    Deno.writeTextFileSync(path, text, { append: true });
  }

  follow(start: "beginning" | "end" = "beginning") {
    return new FolderReader((wake) => this.follows.follow(logName, start, wake));
  }

  /** Renames the log as the kubelet does and begins a new one. */
  rotate(stamp: string) {
    Deno.renameSync(this.log, `${this.log}.${stamp}`);
    this.append("");
  }

  /** Lets time pass and makes the agent check. */
  pass(ms: number) {
    this.clock.advance(ms);
    this.watcher.check();
  }

  get lost(): number {
    return this.events.reduce((sum, e) => e.type === "truncated" ? sum + e.bytes : sum, 0);
  }

  [Symbol.asyncDispose]() {
    this.follows.close();
    this.watcher.close();
    Deno.removeSync(this.root, { recursive: true });
    assert.equal(openDescriptors(), this.#before, "descriptors are left open");
    assert.equal(this.clock.timers, 0, "timers are left");
    return Promise.resolve();
  }
}

/** A follower, and what it receives. */
export class FolderReader {
  readonly follower: LogFollower;
  wakes = 0;

  constructor(follow: (wake: () => void) => LogFollower) {
    this.follower = follow(() => void this.wakes++);
  }

  /** The next range if there is one, "waiting" if there is none, "done" at the end. */
  range(): AppendedRange | "waiting" | "done" {
    return this.follower.take() ?? (this.follower.ended ? "done" : "waiting");
  }

  /** All text that is available now; "(end)" at the end. */
  text(): string {
    let all = "";
    for (;;) {
      const range = this.range();
      if (range === "waiting") return all;
      if (range === "done") return all + "(end)";
      const bytes = range.bytes ?? new Uint8Array(range.to - range.from);
      const count = range.bytes?.length ?? range.source.readAt(range.from, bytes);
      if (count < range.to - range.from || !range.isIntact()) range.failed();
      else {
        all += new TextDecoder().decode(bytes);
        range.given(atLine(range.to));
      }
    }
  }
}
