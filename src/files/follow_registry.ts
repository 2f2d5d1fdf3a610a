import type { Report } from "../telemetry/events.ts";
import type { TaskTurns } from "../platform/task_turns.ts";
import type { FileWatcher } from "./file_watcher.ts";
import { Examinations, type ExamineCompressed } from "./followed_gzip.ts";
import { locate, type LogRoots } from "./locate.ts";
import { LogFollower } from "./log_follower.ts";
import { logFileName, type LogName } from "./name.ts";
import { FollowedLog } from "./followed_log.ts";

export interface FollowRegistryOptions {
  readonly roots: LogRoots;
  readonly watcher: Pick<FileWatcher, "clock" | "onFile" | "turns">;
  readonly report: Report;
  /** Examines compressed files to which logs were rotated. */
  readonly examine: ExamineCompressed;
  /** How long to wait for a log that does not exist yet, milliseconds. */
  readonly missingFileWaitMs: number;
}

/**
 * Everything that is followed in this process: followers of the same log share it. Owned by serve; streams that follow
 * call it.
 */
export class FollowRegistry {
  readonly #options: FollowRegistryOptions;
  readonly #logs = new Map<string, FollowedLog>();
  readonly #followers = new Set<LogFollower>();
  readonly #examinations: Examinations;
  #open = 0;

  constructor(options: FollowRegistryOptions) {
    this.#options = options;
    this.#examinations = new Examinations(options.examine);
  }

  /** The turns of the event loop that opening and following logs share. */
  get turns(): TaskTurns {
    return this.#options.watcher.turns;
  }

  /**
   * Follows a log from its beginning, or from the last line boundary at the time of this call. The position is fixed
   * when this returns. If the log does not exist yet, waits for it and reads it from the beginning.
   *
   * @param onMore called when `take` may have a range, or an end; never during this call
   */
  follow(name: LogName, start: "beginning" | "end", onMore: () => void): LogFollower {
    const { report, missingFileWaitMs, watcher } = this.#options;
    report({ type: "followers", change: 1 });
    const follower: LogFollower = new LogFollower(name, {
      start,
      missingFileWaitMs,
      report,
      clock: watcher.clock,
      turns: watcher.turns,
      acquire: ({ isYoung }) => this.#acquire(name, isYoung),
      release: (log) => this.#release(log),
      onEnd: () => {
        this.#followers.delete(follower);
        report({ type: "followers", change: -1 });
      },
    }, onMore);
    this.#followers.add(follower);
    return follower;
  }

  /** Ends all following. */
  close(): void {
    for (const follower of [...this.#followers]) follower[Symbol.dispose]();
    this.#examinations[Symbol.dispose]();
  }

  /** Throws Failure if nobody follows the log yet and it cannot be opened. */
  #acquire(name: LogName, isYoung: boolean): FollowedLog {
    const key = logFileName(name);
    const shared = this.#logs.get(key);
    shared?.check("tick");
    // An ended log is drained by its followers; what is there now is another log.
    if (shared !== undefined && !shared.ended) return shared;
    const located = locate(this.#options.roots, name);
    const log = new FollowedLog(located, {
      ...this.#options,
      examinations: this.#examinations,
      isYoung,
    });
    this.#logs.set(key, log);
    this.#count(1);
    return log;
  }

  #release(log: FollowedLog): void {
    if (log.followers > 0) return;
    log.close();
    for (const [key, one] of this.#logs) if (one === log) this.#logs.delete(key);
    this.#count(-1);
  }

  #count(change: number): void {
    this.#open += change;
    this.#options.report({ type: "followed-files", count: this.#open });
  }
}
