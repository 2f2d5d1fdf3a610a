import type { Changes } from "../files/changes.ts";
import { type FolderEntry, readLogFolder } from "../files/log_folder.ts";
import type { LogRoots } from "../files/locate.ts";
import type { LogMetadataWatchEvent } from "../generated/cluster_agent.ts";
import type { Report } from "../telemetry/events.ts";
import { fileInfo, logMetadata } from "./log_metadata.ts";

export interface WatchLogsOptions {
  readonly roots: LogRoots;
  readonly nodeName: string;
  /** Empty: all. */
  readonly namespaces: readonly string[];
  readonly changes: Changes;
  /** A file's MODIFIED events are at least so far apart, milliseconds. */
  readonly debounceMs: number;
  readonly signal: AbortSignal;
  readonly report: Report;
}

/**
 * What changes among the logs from now on: ADDED, MODIFIED, DELETED. Ends when the signal fires.
 * Throws Failure not-found where the log folder is missing.
 *
 * The log folder is listed every 500 ms, once for all who watch. A reader that is slow gets, when it asks, the difference
 * between what it was told last and what is there: one event a file, the last state.
 */
export function watchLogs(options: WatchLogsOptions): AsyncIterableIterator<LogMetadataWatchEvent> {
  return new LogWatch(options);
}

interface Told {
  readonly entry: FolderEntry;
  /** When a MODIFIED was sent last, by the clock of changes. */
  readonly modifiedAt: number;
}

class LogWatch implements AsyncIterableIterator<LogMetadataWatchEvent> {
  readonly #options: WatchLogsOptions;
  readonly #wanted: ReadonlySet<string>;
  /** What the reader knows, by file name. */
  readonly #told = new Map<string, Told>();
  #latest: ReadonlyMap<string, FolderEntry>;
  /** File names that may have news, until they have been looked at. */
  #pending: Iterator<string> = [].values();
  #fresh = false;
  #ended = false;
  #wake: () => void = () => {};
  readonly #unregister: () => void;
  readonly #onAbort = () => this.#end();

  constructor(options: WatchLogsOptions) {
    this.#options = options;
    this.#wanted = new Set(options.namespaces);
    this.#latest = readLogFolder(options.roots.containerLogsDir, this.#wanted);
    for (const [fileName, entry] of this.#latest) {
      this.#told.set(fileName, { entry, modifiedAt: -Infinity });
    }
    this.#unregister = options.changes.onListing((entries) => {
      this.#latest = entries;
      this.#fresh = true;
      this.#wake();
    });
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

  #take(): LogMetadataWatchEvent | null {
    while (true) {
      for (let next = this.#pending.next(); !next.done; next = this.#pending.next()) {
        const event = this.#news(next.value);
        if (event !== null) return event;
      }
      if (!this.#fresh) return null;
      this.#fresh = false;
      this.#pending = new Set([...this.#told.keys(), ...this.#latest.keys()]).values();
    }
  }

  /** What the reader does not know yet of a file; null where that is nothing, or too soon. */
  #news(fileName: string): LogMetadataWatchEvent | null {
    const told = this.#told.get(fileName);
    const entry = this.#latest.get(fileName);
    if (entry === undefined) {
      if (told === undefined) return null;
      this.#told.delete(fileName);
      return {
        type: "DELETED",
        object: logMetadata(this.#options.nodeName, told.entry.name, {
          size: 0n,
          last_modified_at: undefined,
        }),
      };
    }
    if (told === undefined) {
      if (this.#wanted.size > 0 && !this.#wanted.has(entry.name.namespace)) return null;
      this.#told.set(fileName, { entry, modifiedAt: -Infinity });
      return this.#event("ADDED", entry);
    }
    if (isSame(told.entry, entry)) return null;
    const now = this.#options.changes.clock.now();
    if (now - told.modifiedAt < this.#options.debounceMs) return null;
    this.#told.set(fileName, { entry, modifiedAt: now });
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
