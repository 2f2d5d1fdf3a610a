import type { FileWatcher } from "../files/file_watcher.ts";
import { isSameEntry } from "../files/folder_changes.ts";
import type { FolderEntry, LogFolder } from "../files/log_folder.ts";
import type { LogRoots } from "../files/locate.ts";
import type { LogMetadataWatchEvent } from "../generated/cluster_agent.ts";
import { loopTurns } from "../platform/loop_turns.ts";
import type { Report } from "../telemetry/events.ts";
import { fileInfo, logMetadata } from "./log_metadata.ts";

export interface WatchLogsOptions {
  readonly roots: LogRoots;
  readonly nodeName: string;
  /** Empty: all. */
  readonly namespaces: readonly string[];
  readonly watcher: FileWatcher;
  /** The minimum time between two MODIFIED events of a file, milliseconds. */
  readonly debounceMs: number;
  readonly signal: AbortSignal;
  readonly report: Report;
}

const nothing: LogFolder = { entries: new Map(), unknown: new Set() };

/**
 * During a rotation, link or file may be missing for a moment: a log that is missing for less than this still exists.
 */
const GONE_MS = 2000;

/**
 * The changes among the logs from now on: ADDED, MODIFIED, DELETED (missing for two seconds). Ends when the signal
 * fires. Throws Failure not-found if the log folder is missing.
 *
 * The log folder is listed every 500 ms, once for all watches. When a slow reader asks, it gets the difference between
 * what it was last sent and the current state: one event per file, with its latest state. While the folder, or the file
 * that a link leads to, cannot be examined, nothing is known and nothing is sent.
 */
export function watchLogs(options: WatchLogsOptions): LogEvents {
  return new LogWatch(options);
}

/** The events of a watch. */
export interface LogEvents extends AsyncIterableIterator<LogMetadataWatchEvent> {
  /** Resolves when the watch has begun: later changes are events. Rejects with the Failure that watchLogs throws. */
  readonly begun: Promise<void>;
}

/** How many names a watch compares before others may have their turn of the event loop: about two milliseconds. */
const NAMES_PER_TURN = 4096;
/** How many names are compared between two checks of that limit. */
const NAMES_PER_STEP = 64;
/** An event counts as this many names: it is encoded and written. */
const EVENT_NAMES = 32;

/** What a reader was sent about a file. */
interface SentState {
  readonly entry: FolderEntry;
  /** When a MODIFIED event was last sent, by the watcher's clock. */
  readonly modifiedAt: number;
}

class LogWatch implements LogEvents {
  readonly begun: Promise<void>;
  readonly #options: WatchLogsOptions;
  readonly #wanted: ReadonlySet<string>;
  /** What the reader knew at the beginning; one object for all readers that began at the same moment. */
  #base: LogFolder = nothing;
  /** What the reader has been sent since, by file name; null: that the file is gone. */
  readonly #sent = new Map<string, SentState | null>();
  /** Since when a file that the reader knows has been missing, by the watcher's clock. */
  readonly #missingSince = new Map<string, number>();
  #latest: LogFolder = nothing;
  /** File names whose state may differ from what was sent. */
  readonly #unsent = new Set<string>();
  /** Those that have not been compared since the last listing. */
  #pending: Iterator<string> = [].values();
  #hasListing = false;
  #ended = false;
  /** Whether the log folder is being read for the first time. */
  #isBeginning = false;
  /** The work done since others had their turn, in names. */
  #work = 0;
  readonly #breathe: () => Promise<void> | null;
  #wake: () => void = () => {};
  readonly #unregister: () => void;
  readonly #onAbort = () => this.#end();

  constructor(options: WatchLogsOptions) {
    this.#options = options;
    this.#wanted = new Set(options.namespaces);
    const { folder, end } = options.watcher.listing.begin((folder, changed) =>
      this.#listed(folder, changed)
    );
    this.#unregister = end;
    this.#breathe = loopTurns(options.signal);
    this.begun = this.#begin(folder);
    this.begun.catch(() => this.#end());
    options.report({ type: "watchers", change: 1 });
    options.signal.addEventListener("abort", this.#onAbort, { once: true });
    if (options.signal.aborted) this.#end();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<LogMetadataWatchEvent>> {
    if (this.#isBeginning) await this.begun;
    while (!this.#ended) {
      if (this.#work >= NAMES_PER_TURN) {
        this.#work = 0;
        await this.#breathe()?.catch(() => {}); // It rejects if the signal fires, which ends the watch.
        continue;
      }
      const event = this.#step();
      if (event === "more") continue;
      if (event !== null) {
        this.#work += EVENT_NAMES;
        return { done: false, value: event };
      }
      await new Promise<void>((resolve) => this.#wake = resolve);
      this.#work = 0;
    }
    return { done: true, value: undefined };
  }

  return(): Promise<IteratorResult<LogMetadataWatchEvent>> {
    this.#end();
    return Promise.resolve({ done: true, value: undefined });
  }

  #end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.signal.removeEventListener("abort", this.#onAbort);
    this.#unregister();
    this.#options.report({ type: "watchers", change: -1 });
    this.#wake();
  }

  async #begin(read: LogFolder | Promise<LogFolder>): Promise<void> {
    if (read instanceof Promise) {
      this.#isBeginning = true;
      const ended = new Promise<null>((resolve) => this.#wake = () => resolve(null));
      const folder = await Promise.race([read, ended]);
      this.#isBeginning = false;
      if (folder !== null) this.#base = this.#latest = folder;
    } else this.#base = this.#latest = read;
  }

  #listed(folder: LogFolder, changed: ReadonlySet<string>): void {
    const { turns, clock } = this.#options.watcher;
    void turns.runSteps(this.#noteSteps(folder, changed, clock.now()));
  }

  /** Notes the names whose entries have changed with a listing, `now` by the watcher's clock. */
  *#noteSteps(folder: LogFolder, changed: ReadonlySet<string>, now: number): Generator<void, void> {
    this.#latest = folder;
    let noted = 0;
    for (const fileName of changed) {
      // The next listing may have arrived between two steps: what is true now counts.
      const { entries, unknown } = this.#latest;
      const isMissing = !entries.has(fileName) && !unknown.has(fileName);
      const isKnown = this.#sentEntry(fileName) !== null;
      if (!isMissing) this.#missingSince.delete(fileName);
      else if (isKnown && !this.#missingSince.has(fileName)) this.#missingSince.set(fileName, now);
      // A file that appeared and disappeared while the reader was not reading is not reported.
      if (isMissing && !isKnown) this.#unsent.delete(fileName);
      else this.#unsent.add(fileName);
      if (++noted % NAMES_PER_STEP === 0) yield;
      if (this.#ended) return;
    }
    this.#hasListing = true;
    this.#wake();
  }

  /** Compares some names. Returns an event, "more" if none has been found yet, and null if there is none. */
  #step(): LogMetadataWatchEvent | "more" | null {
    for (let names = 0; names < NAMES_PER_STEP; names++) {
      this.#work++;
      const pending = this.#pending.next();
      if (!pending.done) {
        const event = this.#diffSinceSent(pending.value);
        if (event !== null) return event;
      } else if (this.#hasListing) {
        this.#hasListing = false;
        this.#pending = this.#unsent.values();
      } else return null;
    }
    return "more";
  }

  /** What the reader does not know yet about a file; null if there is nothing, or if it is too soon. */
  #diffSinceSent(fileName: string): LogMetadataWatchEvent | null {
    const sent = this.#sentEntry(fileName);
    const entry = this.#latest.entries.get(fileName);
    const now = this.#options.watcher.clock.now();
    if (entry === undefined) {
      if (sent === null || this.#latest.unknown.has(fileName)) return this.#settled(fileName);
      const since = this.#missingSince.get(fileName) ?? now;
      if (now - since < GONE_MS) return null;
      this.#settled(fileName);
      this.#missingSince.delete(fileName);
      if (this.#base.entries.has(fileName)) this.#sent.set(fileName, null);
      else this.#sent.delete(fileName);
      return {
        type: "DELETED",
        object: logMetadata(this.#options.nodeName, sent.name, {
          size: 0n,
          last_modified_at: undefined,
        }),
      };
    }
    if (sent === null) {
      this.#settled(fileName);
      if (!this.#isWanted(entry)) return null;
      this.#sent.set(fileName, { entry, modifiedAt: -Infinity });
      return this.#event("ADDED", entry);
    }
    if (isSameEntry(sent, entry)) return this.#settled(fileName);
    const modifiedAt = this.#sent.get(fileName)?.modifiedAt ?? -Infinity;
    if (now - modifiedAt < this.#options.debounceMs) return null;
    this.#settled(fileName);
    this.#sent.set(fileName, { entry, modifiedAt: now });
    return this.#event("MODIFIED", entry);
  }

  /** The reader knows the file's state, or is not interested in it. */
  #settled(fileName: string): null {
    this.#unsent.delete(fileName);
    return null;
  }

  /** The entry of a file as the reader knows it; null if it knows none. */
  #sentEntry(fileName: string): FolderEntry | null {
    const sent = this.#sent.get(fileName);
    if (sent !== undefined) return sent?.entry ?? null;
    const entry = this.#base.entries.get(fileName);
    return entry !== undefined && this.#isWanted(entry) ? entry : null;
  }

  #isWanted({ name }: FolderEntry): boolean {
    return this.#wanted.size === 0 || this.#wanted.has(name.namespace);
  }

  #event(type: string, entry: FolderEntry): LogMetadataWatchEvent {
    return { type, object: logMetadata(this.#options.nodeName, entry.name, fileInfo(entry)) };
  }
}
