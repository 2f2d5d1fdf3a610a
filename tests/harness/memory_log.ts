import assert from "node:assert/strict";
import { atLine } from "../../src/files/appended_range.ts";
import type { Check, CheckReason } from "../../src/files/check_rounds.ts";
import { FollowRegistry } from "../../src/files/follow_registry.ts";
import type { LogFollower } from "../../src/files/log_follower.ts";
import type { LogName } from "../../src/files/name.ts";
import { replaceFileSystem } from "../../src/platform/files.ts";
import type { AgentEvent } from "../../src/telemetry/events.ts";
import { cannotExamine } from "./examine.ts";
import { TaskTurns } from "../../src/platform/task_turns.ts";
import { ManualClock } from "./manual_clock.ts";
import { MemoryFiles } from "./memory_files.ts";

export const logName: LogName = {
  namespace: "ns",
  podName: "pod",
  containerName: "app",
  containerId: "abc",
};

export const roots = { containerLogsDir: "/containers", logRoots: ["/"] };

/** A line of a CRI log; lines with larger numbers are younger. */
export function criLine(n: number): string {
  const time = new Date(Date.UTC(2026, 10, 23, 10) + n * 1000).toISOString().slice(0, -1);
  return `${time}000000Z stdout F ${n}\n`;
}

/** CRI lines with the numbers [from, to]. */
export function criLines(from: number, to: number): string {
  return Array.from({ length: to - from + 1 }, (_, i) => criLine(from + i)).join("");
}

/** A container's log in memory, whose followers check it when the test says so. */
export class MemoryLog implements Disposable {
  readonly files = new MemoryFiles();
  readonly clock = new ManualClock();
  readonly events: AgentEvent[] = [];
  readonly link = "/containers/pod_ns_app-abc.log";
  readonly follows: FollowRegistry;
  readonly #checks = new Set<Check>();
  readonly #replaced: Disposable;
  #write: (bytes: Uint8Array, keepOffset?: number) => void;

  constructor(readonly path = "/pods/ns_pod_uid/app/0.log") {
    this.#replaced = replaceFileSystem(this.files);
    this.#write = this.files.create(path);
    this.files.link(this.link, path);
    this.follows = new FollowRegistry({
      roots,
      watcher: {
        clock: this.clock,
        turns: new TaskTurns(this.clock),
        onFile: (_path, check) => {
          this.#checks.add(check);
          return () => void this.#checks.delete(check);
        },
      },
      report: (event) => void this.events.push(event),
      missingFileWaitMs: 10_000,
      examine: cannotExamine,
    });
  }

  /** How many files are watched. */
  get watched(): number {
    return this.#checks.size;
  }

  /** Bytes that were counted as lost, by cause. */
  get lost(): Record<string, number> {
    const lost: Record<string, number> = {};
    for (const event of this.events) {
      if (event.type === "truncated") lost[event.cause] = (lost[event.cause] ?? 0) + event.bytes;
    }
    return lost;
  }

  append(text: string): void {
    this.#write(new TextEncoder().encode(text));
  }

  /**
   * Creates the log's file again, and writes to the new one from now on. Returns a function that writes to the old one.
   */
  create(): (text: string) => void {
    const former = this.#write;
    this.#write = this.files.create(this.path);
    return (text) => former(new TextEncoder().encode(text));
  }

  /** Rotates as the kubelet does. */
  rename(suffix: string): (text: string) => void {
    this.files.rename(this.path, this.path + suffix);
    return this.create();
  }

  copyTruncate(suffix: string): void {
    this.files.copy(this.path, this.path + suffix);
    this.files.truncate(this.path);
  }

  /** Returns the results of all checks. */
  check(reason: CheckReason = "tick"): boolean[] {
    return [...this.#checks].map((check) => check(reason));
  }

  /** Lets time pass and has the log checked. */
  pass(ms: number): void {
    this.files.now += ms;
    this.clock.advance(ms);
    this.check();
  }

  follow(start: "beginning" | "end" = "beginning"): MemoryReader {
    return new MemoryReader((onMore) => this.follows.follow(logName, start, onMore));
  }

  [Symbol.dispose](): void {
    this.follows.close();
    this.#replaced[Symbol.dispose]();
    assert.equal(this.watched, 0, "a file is still watched");
    assert.equal(this.files.opened, 0, "descriptors are left open");
  }
}

export class MemoryReader {
  readonly follower: LogFollower;
  wakes = 0;

  constructor(follow: (onMore: () => void) => LogFollower) {
    this.follower = follow(() => void this.wakes++);
  }

  /** All lines that are available now. */
  text(): string {
    let text = "";
    for (let range = this.follower.take(); range !== null; range = this.follower.take()) {
      const bytes = new Uint8Array(range.to - range.from);
      const count = range.source.readAt(range.from, bytes);
      if (count < bytes.length || !range.isIntact()) range.failed();
      else {
        text += new TextDecoder().decode(bytes);
        range.given(atLine(range.to));
      }
    }
    return text;
  }
}
