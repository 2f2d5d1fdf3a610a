import type { FileWatcher } from "../files/file_watcher.ts";
import { type FolderEntry, type LogFolder, readLogFolder } from "../files/log_folder.ts";
import type { LogRoots } from "../files/locate.ts";
import type { LogMetadataWatchEvent } from "../generated/cluster_agent.ts";
import type { Report } from "../telemetry/events.ts";
import { fileInfo, logMetadata } from "./log_metadata.ts";

export interface WatchLogsOptions {
  readonly roots: LogRoots;
  readonly nodeName: string;
  /** Empty: all. */
  readonly namespaces: readonly string[];
  readonly watcher: FileWatcher;
  /** A file's MODIFIED events are at least so far apart, milliseconds. */
  readonly debounceMs: number;
  readonly signal: AbortSignal;
  readonly report: Report;
}

/** A rotation has a moment without link or file: a log that is missing for less is still there. */
const GONE_MS = 2000;

/**
 * What changes among the logs from now on: ADDED, MODIFIED, DELETED (missing for two seconds). Ends when the signal
 * fires. Throws Failure not-found where the log folder is missing.
 *
 * The log folder is listed every 500 ms, once for all who watch. A reader that is slow gets, when it asks, the difference
 * between what it was sent last and what is there: one event a file, the last state. While the folder, or the
 * file that a link leads to, cannot be examined, nothing is known and nothing is sent.
 */
export function watchLogs(options: WatchLogsOptions): AsyncIterableIterator<LogMetadataWatchEvent> {
  return new LogWatch(options);
}

/** What a reader was sent of a file. */
interface SentState {
  readonly entry: FolderEntry;
  /** When a MODIFIED was sent last, by the watcher's clock. */
  readonly modifiedAt: number;
}

class LogWatch implements AsyncIterableIterator<LogMetadataWatchEvent> {
  readonly #options: WatchLogsOptions;
  readonly #wanted: ReadonlySet<string>;
  /** What the reader knows, by file name. */
  readonly #sent = new Map<string, SentState>();
  /** Since when a file that the reader knows has been missing, by the watcher's clock. */
  readonly #missingSince = new Map<string, number>();
  #latest: LogFolder;
  /** File names whose state may differ from what was sent, until they have been compared. */
  #pending: Iterator<string> = [].values();
  #hasListing = false;
  #ended = false;
  #wake: () => void = () => {};
  readonly #unregister: () => void;
  readonly #onAbort = () => this.#end();

  constructor(options: WatchLogsOptions) {
    this.#options = options;
    this.#wanted = new Set(options.namespaces);
    this.#latest = readLogFolder(options.roots.containerLogsDir, this.#wanted);
    for (const [fileName, entry] of this.#latest.entries) {
      this.#sent.set(fileName, { entry, modifiedAt: -Infinity });
    }
    this.#unregister = options.watcher.onListing((folder) => this.#listed(folder));
    options.report({ type: "watchers", change: 1 });
    options.signal.addEventListener("abort", this.#onAbort, { once: true });
    if (options.signal.aborted) this.#end();
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<LogMetadataWatchEvent>> {
    while (!this.#ended) {
      const event = this.#take();
      if (event !== null) return { done: false, value: event };
      await new Promise<void>((resolve) => this.#wake = resolve);
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

  #listed(folder: LogFolder): void {
    this.#latest = folder;
    const now = this.#options.watcher.clock.now();
    for (const fileName of this.#sent.keys()) {
      if (folder.entries.has(fileName) || folder.unknown.has(fileName)) {
        this.#missingSince.delete(fileName);
      } else if (!this.#missingSince.has(fileName)) this.#missingSince.set(fileName, now);
    }
    this.#hasListing = true;
    this.#wake();
  }

  #take(): LogMetadataWatchEvent | null {
    while (true) {
      for (let next = this.#pending.next(); !next.done; next = this.#pending.next()) {
        const event = this.#diffSinceSent(next.value);
        if (event !== null) return event;
      }
      if (!this.#hasListing) return null;
      this.#hasListing = false;
      this.#pending = new Set([...this.#sent.keys(), ...this.#latest.entries.keys()]).values();
    }
  }

  /** What the reader does not know yet of a file; null where that is nothing, or too soon. */
  #diffSinceSent(fileName: string): LogMetadataWatchEvent | null {
    const sent = this.#sent.get(fileName);
    const entry = this.#latest.entries.get(fileName);
    const now = this.#options.watcher.clock.now();
    if (entry === undefined) {
      if (sent === undefined || this.#latest.unknown.has(fileName)) return null;
      const since = this.#missingSince.get(fileName) ?? now;
      if (now - since < GONE_MS) return null;
      this.#sent.delete(fileName);
      this.#missingSince.delete(fileName);
      return {
        type: "DELETED",
        object: logMetadata(this.#options.nodeName, sent.entry.name, {
          size: 0n,
          last_modified_at: undefined,
        }),
      };
    }
    if (sent === undefined) {
      if (this.#wanted.size > 0 && !this.#wanted.has(entry.name.namespace)) return null;
      this.#sent.set(fileName, { entry, modifiedAt: -Infinity });
      return this.#event("ADDED", entry);
    }
    if (isSame(sent.entry, entry)) return null;
    if (now - sent.modifiedAt < this.#options.debounceMs) return null;
    this.#sent.set(fileName, { entry, modifiedAt: now });
    return this.#event("MODIFIED", entry);
  }

  #event(type: string, entry: FolderEntry): LogMetadataWatchEvent {
    return { type, object: logMetadata(this.#options.nodeName, entry.name, fileInfo(entry)) };
  }
}

function isSame(a: FolderEntry, b: FolderEntry): boolean {
  return a.facts.size === b.facts.size && a.facts.mtimeMs === b.facts.mtimeMs &&
    a.facts.ino === b.facts.ino && a.facts.dev === b.facts.dev;
}
