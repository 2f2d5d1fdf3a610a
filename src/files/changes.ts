import { type Watch, watch } from "../platform/watch.ts";
import type { Report } from "../telemetry/events.ts";
import { type Clock, systemClock } from "./clock.ts";
import { isWithin, type LogRoots, realRoots } from "./locate.ts";
import { type FolderEntry, readLogFolder } from "./log_folder.ts";

/**
 * Why a file is looked at: "event", something has happened to it; "tick", time to look at everything, what gives no
 * events included; "poll", a quick look among very many.
 */
export type Cause = "event" | "tick" | "poll";

/** Looks whether a file has changed, and tells whether it had. */
export type Look = (cause: Cause) => boolean;

/** Takes what the log folder holds now, by file name. */
export type Listing = (entries: ReadonlyMap<string, FolderEntry>) => void;

/** The truth: each file is looked at so often, whatever events say. */
const TICK_MS = 1000;
const LISTING_MS = 500;
/**
 * Events cost 25-50 µs each, of any file below a root, a look 5 µs: above so many events in EVENTS_MS it is cheaper to
 * poll. The more files there are to poll, the more events it takes.
 */
const EVENTS_MS = 500;
const EVENTS_LIMIT = { min: 1000, perFile: 3 };
/** How long to poll before events are tried again. */
const POLLING_MS = 10_000;
/** With very many files, polling takes a fifth of the time, and is rather late than more. */
const POLL_MS = { min: 20, max: 50, perSpent: 4 };
/** A watch outlives its last file for so long: the next follower may come at once. */
const LINGER_MS = 100;

export interface ChangesOptions {
  readonly roots: LogRoots;
  readonly report: Report;
  readonly clock?: Clock;
  /** In place of the platform's watch; null: there is none, only looking. */
  readonly watch?: typeof watch | null;
}

/**
 * The one source of events of the process. Everyone who wants to know of a file registers here; the file system is
 * watched by one recursive watch for each root, only while someone wants to know. Events are hints: every
 * second all registered files are looked at, and when events come too fast to be cheap, or not at all,
 * they are looked at every 20 to 50 ms instead.
 */
export class Changes {
  readonly #options: ChangesOptions;
  readonly #clock: Clock;
  readonly #files = new Map<string, Set<Look>>();
  readonly #listings = new Set<Listing>();
  readonly #watches = new Map<string, Watch>();
  /** Roots of which it was told that they cannot be watched. */
  readonly #unwatchable = new Set<string>();
  readonly #timers = new Map<"tick" | "listing" | "poll" | "retry" | "linger", () => void>();
  #polling = false;
  #windowStart = 0;
  #windowEvents = 0;
  #eventsSinceTick = 0;
  #closed = false;

  constructor(options: ChangesOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
  }

  get clock(): Clock {
    return this.#clock;
  }

  /** How many watches are open and whether files are polled instead. */
  get state(): { readonly watches: number; readonly polling: boolean; readonly files: number } {
    return { watches: this.#watches.size, polling: this.#polling, files: this.#files.size };
  }

  /** Calls `look` when the file at the real path may have changed. Returns how to end that. */
  onFile(realPath: string, look: Look): () => void {
    const looks = this.#files.get(realPath) ?? new Set();
    this.#files.set(realPath, looks.add(look));
    this.#cancel("linger");
    if (!this.#polling) this.#watchRootOf(realPath);
    this.#schedule("tick", TICK_MS, () => this.#tick());
    return () => {
      looks.delete(look);
      if (looks.size === 0 && this.#files.get(realPath) === looks) this.#files.delete(realPath);
      if (this.#files.size === 0) this.#idle();
    };
  }

  /** Calls `listing` with what the log folder holds, every 500 ms. Returns how to end that. */
  onListing(listing: Listing): () => void {
    this.#listings.add(listing);
    this.#schedule("listing", LISTING_MS, () => this.#list());
    return () => {
      this.#listings.delete(listing);
      if (this.#listings.size === 0) this.#cancel("listing");
    };
  }

  /** Looks at everything now. */
  check(): void {
    this.#lookAtAll("tick");
    this.#listOnce();
  }

  close(): void {
    this.#closed = true;
    this.#files.clear();
    this.#listings.clear();
    for (const name of [...this.#timers.keys()]) this.#cancel(name);
    this.#closeWatches();
  }

  #tick(): void {
    const changed = this.#lookAtAll("tick");
    // Network file systems and SELinux can mute all events.
    if (changed && this.#eventsSinceTick === 0 && this.#watches.size > 0) this.#poll("muted");
    this.#eventsSinceTick = 0;
    if (this.#files.size > 0) this.#schedule("tick", TICK_MS, () => this.#tick());
  }

  #lookAtAll(cause: Cause): boolean {
    let changed = false;
    for (const looks of [...this.#files.values()]) {
      for (const look of [...looks]) changed = look(cause) || changed;
    }
    return changed;
  }

  #list(): void {
    this.#listOnce();
    if (this.#listings.size > 0) this.#schedule("listing", LISTING_MS, () => this.#list());
  }

  #listOnce(): void {
    if (this.#listings.size === 0) return;
    let entries: ReadonlyMap<string, FolderEntry>;
    try {
      entries = readLogFolder(this.#options.roots.containerLogsDir);
    } catch {
      entries = new Map(); // The folder itself is gone, and all logs with it.
    }
    for (const listing of [...this.#listings]) listing(entries);
  }

  #watchRootOf(realPath: string): void {
    if (this.#options.watch === null || this.#closed) return;
    for (const watched of this.#watches.keys()) if (isWithin(watched, realPath)) return;
    // The widest root: one watch for all that lies below it.
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
        this.#eventsSinceTick++;
        if (event.rescan) this.#lookAtAll("tick");
        else if (event.kind !== "access") {
          for (const path of event.paths) {
            const looks = this.#files.get(path);
            if (looks !== undefined) { for (const look of [...looks]) look("event"); }
          }
        }
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
    const now = this.#clock.now();
    if (now - this.#windowStart > EVENTS_MS) {
      this.#windowStart = now;
      this.#windowEvents = 0;
    }
    const limit = Math.max(EVENTS_LIMIT.min, EVENTS_LIMIT.perFile * this.#files.size);
    return ++this.#windowEvents > limit;
  }

  #poll(reason: "fast" | "muted" | "failed"): void {
    this.#closeWatches();
    this.#windowEvents = 0;
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
      // What was written before the watch stood gave no event.
      this.#lookAtAll("poll");
    });
  }

  #pollOnce(): void {
    const began = performance.now();
    this.#lookAtAll("poll");
    const spent = performance.now() - began;
    const pause = Math.min(Math.max(POLL_MS.min, POLL_MS.perSpent * spent), POLL_MS.max);
    if (this.#polling) this.#schedule("poll", pause, () => this.#pollOnce());
  }

  #stopPolling(): void {
    this.#polling = false;
    this.#cancel("poll");
    this.#cancel("retry");
  }

  #idle(): void {
    this.#cancel("tick");
    this.#stopPolling();
    this.#schedule("linger", LINGER_MS, () => this.#closeWatches());
  }

  #closeWatches(): void {
    const open = [...this.#watches.values()];
    this.#watches.clear();
    for (const one of open) one.close();
  }

  /** One timer of each name; one that runs goes on as it is. */
  #schedule(name: "tick" | "listing" | "poll" | "retry" | "linger", ms: number, run: () => void) {
    if (this.#timers.has(name) || this.#closed) return;
    this.#timers.set(
      name,
      this.#clock.after(ms, () => {
        this.#timers.delete(name);
        run();
      }),
    );
  }

  #cancel(name: "tick" | "listing" | "poll" | "retry" | "linger"): void {
    this.#timers.get(name)?.();
    this.#timers.delete(name);
  }
}
