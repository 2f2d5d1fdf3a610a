import type { Report } from "../telemetry/events.ts";
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
  /** Examines compressed files that logs were rotated to. */
  readonly examine: ExamineCompressed;
  /** How long a log that is not there yet is waited for, milliseconds. */
  readonly missingFileWaitMs: number;
}

/**
 * All that is followed in this process: whoever follows the same log shares it. Owned by serve; streams that follow
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

  /**
   * Follows a log from its beginning, or from the last line boundary at this call. The place is fixed when this returns.
   * A log that is not there yet is waited for and read whole.
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

  /** Throws Failure where nobody follows the log yet and it cannot be opened. */
  #acquire(name: LogName, isYoung: boolean): FollowedLog {
    const key = logFileName(name);
    const shared = this.#logs.get(key);
    shared?.check("tick");
    // One that has ended is drained by its followers; what is there now is another log.
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
