import { type Watch, watch } from "../platform/folder_watch.ts";
import type { Report } from "../telemetry/events.ts";
import { type Clock, systemClock } from "../platform/clock.ts";
import { TaskTurns } from "../platform/task_turns.ts";
import { NamedTimers } from "../platform/named_timers.ts";
import { type Check, CheckRounds } from "./check_rounds.ts";
import { EventBatches } from "./event_batches.ts";
import { EventRate } from "./event_rate.ts";
import { FolderListing } from "./folder_listing.ts";
import { isWithin, type LogRoots, realRoots } from "./locate.ts";

/** Every file is checked at this interval, whatever the events say. */
const TICK_MS = 1000;
/**
 * An event costs 50 to 100 µs for any file below a root, a check 5 µs: above this rate of events, polling is cheaper.
 * The more files there are to poll, the more events it takes. Read events are not counted: most of them would be caused
 * by the agent itself.
 */
const EVENTS_LIMIT = { inMs: 1000, min: 2000, perFile: 6 };
/** How long to poll before events are tried again. */
const POLLING_MS = 10_000;
/** With very many files, polling takes up to a fifth of the time, and is late rather than taking more. */
const POLL_MS = { min: 20, max: 50, perSpent: 4 };
/** How long a watch outlives its last file: the next follower may arrive immediately. */
const LINGER_MS = 100;

type TimerName = "tick" | "poll" | "retry" | "linger";

export interface FileWatcherOptions {
  readonly roots: LogRoots;
  readonly report: Report;
  readonly clock?: Clock;
  /** Replaces the platform's watch; null: there is none, and files are only checked. */
  readonly watch?: typeof watch | null;
}

/**
 * The only source of file events in the process. Code that wants to know about a file registers here; each root is
 * watched by one recursive watch, only while a file below it is registered. Events are hints: all registered files are
 * checked every second, and when events come too fast to be cheap, or not at all, the files are checked every 20 to 50
 * ms instead. Owned by serve, which closes it.
 */
export class FileWatcher {
  readonly #options: FileWatcherOptions;
  readonly #clock: Clock;
  /** The turns that the checks share: the checks of a thousand files must not block the event loop together. */
  readonly turns: TaskTurns;
  readonly #files = new Map<string, Set<Check>>();
  /** Of the log folder, for watches. */
  readonly listing: FolderListing;
  readonly #watches = new Map<string, Watch>();
  /** Roots that cannot be watched and have been reported. */
  readonly #unwatchable = new Set<string>();
  readonly #timers: NamedTimers<TimerName>;
  readonly #rounds: CheckRounds;
  readonly #rate: EventRate;
  readonly #batches: EventBatches;
  #polling = false;
  /** Changes that ticks have found since the last event. */
  #changesWithoutEvent = 0;
  #closed = false;

  constructor(options: FileWatcherOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.#timers = new NamedTimers(this.#clock);
    this.turns = new TaskTurns(this.#clock);
    this.#rounds = new CheckRounds({
      clock: this.#clock,
      turns: this.turns,
      groups: () => [...this.#files.values()],
    });
    this.#rate = new EventRate(this.#clock, EVENTS_LIMIT.inMs);
    this.#batches = new EventBatches({
      clock: this.#clock,
      turns: this.turns,
      check: (path, reason) => {
        for (const check of [...this.#files.get(path) ?? []]) check(reason);
      },
      peekAll: (onDone) => this.#rounds.run("peek", onDone),
    });
    this.listing = new FolderListing(options.roots.containerLogsDir, this.#clock, this.turns);
  }

  get clock(): Clock {
    return this.#clock;
  }

  /** How many watches are open, and whether files are polled instead. */
  get state(): { readonly watches: number; readonly polling: boolean; readonly files: number } {
    return { watches: this.#watches.size, polling: this.#polling, files: this.#files.size };
  }

  /** Calls `check` when the file at the real path may have changed. Returns a function that ends this. */
  onFile(realPath: string, check: Check): () => void {
    const checks = this.#files.get(realPath) ?? new Set();
    this.#files.set(realPath, checks.add(check));
    this.#timers.cancel("linger");
    if (!this.#polling) this.#watchRootOf(realPath);
    this.#schedule("tick", TICK_MS, () => this.#tick());
    return () => {
      checks.delete(check);
      if (checks.size === 0 && this.#files.get(realPath) === checks) this.#files.delete(realPath);
      if (this.#files.size === 0) this.#idle();
    };
  }

  /** Checks everything now. */
  check(): void {
    this.#rounds.runTick();
    this.listing.list();
  }

  close(): void {
    this.#closed = true;
    this.#files.clear();
    this.turns.close();
    this.listing.close();
    this.#timers.cancelAll();
    this.#closeWatches();
  }

  #tick(): void {
    if (!this.#rounds.isRunning("tick")) {
      this.#rounds.run("tick", ({ changed }) => {
        // Network file systems and SELinux can suppress all events. A single change may have been found before its
        // event arrived.
        if (changed) this.#changesWithoutEvent++;
        if (this.#changesWithoutEvent > 1 && this.#watches.size > 0) this.#poll("muted");
      });
    }
    if (this.#files.size > 0) this.#schedule("tick", TICK_MS, () => this.#tick());
  }

  #watchRootOf(realPath: string): void {
    if (this.#options.watch === null || this.#closed) return;
    for (const watched of this.#watches.keys()) if (isWithin(watched, realPath)) return;
    // The widest root: one watch for everything below it.
    const root = realRoots(this.#options.roots).filter((root) => isWithin(root, realPath))
      .reduce<string | null>((a, b) => a === null || b.length < a.length ? b : a, null);
    if (root === null) return;
    try {
      const opened = (this.#options.watch ?? watch)(root, { recursive: true });
      this.#watches.set(root, opened);
      void this.#listen(root, opened);
    } catch (error) {
      this.#failed(root, error);
    }
  }

  async #listen(root: string, opened: Watch): Promise<void> {
    try {
      for await (const event of opened) {
        if (this.#watches.get(root) !== opened) return;
        if (event.kind === "access") continue;
        this.#changesWithoutEvent = 0;
        if (event.flag === "rescan") this.#rounds.runTick();
        else if (event.paths.some((path) => this.#files.has(path))) this.#batches.add(event);
        if (this.#tooFast()) {
          this.#poll("fast");
          return;
        }
      }
    } catch (error) {
      if (this.#watches.get(root) === opened) this.#failed(root, error);
    }
  }

  #failed(root: string, error: unknown): void {
    if (!this.#unwatchable.has(root)) {
      this.#unwatchable.add(root);
      this.#options.report({
        type: "notice",
        level: "warn",
        text: "Cannot watch a log root; its files are polled",
        fields: { root, error: error instanceof Error ? error.message : String(error) },
      });
    }
    this.#poll("failed");
  }

  #tooFast(): boolean {
    const { min, perFile } = EVENTS_LIMIT;
    return this.#rate.count().current > Math.max(min, perFile * this.#files.size);
  }

  #poll(reason: "fast" | "muted" | "failed"): void {
    this.#closeWatches();
    this.#rate.reset();
    this.#changesWithoutEvent = 0;
    if (this.#closed || this.#files.size === 0) return;
    if (!this.#polling) {
      this.#polling = true;
      this.#options.report({
        type: "notice",
        level: "debug",
        text: "Followed files are polled instead of watched",
        fields: { reason },
      });
    }
    this.#pollOnce();
    this.#schedule("retry", POLLING_MS, () => {
      this.#stopPolling();
      for (const path of this.#files.keys()) if (!this.#polling) this.#watchRootOf(path);
      // Writes before the watch began caused no event.
      this.#rounds.run("poll");
    });
  }

  #pollOnce(): void {
    if (this.#rounds.isRunning("poll")) {
      return this.#schedule("poll", POLL_MS.min, () => this.#pollOnce());
    }
    this.#rounds.run("poll", ({ spentMs }) => {
      const pause = Math.min(Math.max(POLL_MS.min, POLL_MS.perSpent * spentMs), POLL_MS.max);
      if (this.#polling) this.#schedule("poll", pause, () => this.#pollOnce());
    });
  }

  #stopPolling(): void {
    this.#polling = false;
    this.#timers.cancel("poll");
    this.#timers.cancel("retry");
  }

  #idle(): void {
    this.#timers.cancel("tick");
    this.#stopPolling();
    this.#schedule("linger", LINGER_MS, () => this.#closeWatches());
  }

  #closeWatches(): void {
    this.#batches.clear();
    const open = [...this.#watches.values()];
    this.#watches.clear();
    for (const one of open) one.close();
  }

  #schedule(name: TimerName, ms: number, run: () => void): void {
    if (!this.#closed) this.#timers.schedule(name, ms, run);
  }
}
