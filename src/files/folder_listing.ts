import { setImmediate } from "node:timers";
import { Failure } from "../failure/failure.ts";
import type { Clock } from "../platform/clock.ts";
import { type FolderEntry, type LogFolder, readLogFolder } from "./log_folder.ts";

/** Receives the content of the log folder, and the file names whose entry differs from the previous listing. */
export type Listing = (folder: LogFolder, changed: ReadonlySet<string>) => void;

const LISTING_MS = 500;
/** A watch that begins this soon after a listing shares it: many that begin at once cost one. */
const SHARED_MS = 50;

const emptyFolder: LogFolder = { entries: new Map(), unknown: new Set() };

/** The number of changed names that listeners are sent in one turn of the event loop: some milliseconds of work. */
const NAMES_PER_TURN = 10_000;

/**
 * The listings of the log folder: one every 500 ms for all watches, compared once with the previous one. Owned by the
 * FileWatcher, used by watches.
 */
export class FolderListing {
  readonly #path: string;
  readonly #clock: Clock;
  readonly #listeners = new Set<Listing>();
  /** Listeners that have not received the last listing yet, with what they are to receive. */
  readonly #untold = new Map<Listing, { folder: LogFolder; changed: ReadonlySet<string> }>();
  #telling: ReturnType<typeof setImmediate> | null = null;
  #latest: LogFolder | null = null;
  #listedAt = -Infinity;
  #cancelTimer: (() => void) | null = null;
  #closed = false;

  constructor(path: string, clock: Clock) {
    this.#path = path;
    this.#clock = clock;
  }

  /**
   * Calls `listing` from now on, every 500 ms if the folder can be read. Returns the folder as it is, or was at most 50
   * ms ago: later changes come with the next listing. Throws as readLogFolder does.
   */
  begin(listing: Listing): { readonly folder: LogFolder; readonly end: () => void } {
    const isRecent = this.#clock.now() - this.#listedAt < SHARED_MS;
    const folder = isRecent && this.#latest !== null ? this.#latest : this.#read();
    this.#listeners.add(listing);
    this.#schedule();
    const end = () => {
      this.#listeners.delete(listing);
      this.#untold.delete(listing);
      if (this.#listeners.size === 0) this.#rest();
    };
    return { folder, end };
  }

  /** Lists now, if there are any watches. */
  list(): void {
    if (this.#listeners.size === 0) return;
    try {
      this.#read();
    } catch (error) {
      // A folder that cannot be read now says nothing about its logs; if the folder is gone, its logs are gone too.
      if (error instanceof Failure && error.kind === "not-found") this.#listed(emptyFolder);
    }
  }

  close(): void {
    this.#closed = true;
    this.#listeners.clear();
    this.#untold.clear();
    this.#rest();
  }

  #read(): LogFolder {
    return this.#listed(readLogFolder(this.#path));
  }

  #listed(now: LogFolder): LogFolder {
    const before = this.#latest ?? emptyFolder;
    const changed = changedNames(before, now);
    // Watches keep the folder as it was when they began: hundreds that began one after another share everything that
    // has not changed in between.
    const folder = changed.size === 0 ? before : withEntriesOf(before, now);
    this.#latest = folder;
    this.#listedAt = this.#clock.now();
    for (const listing of this.#listeners) this.#tellLater(listing, folder, changed);
    this.#tell();
    return folder;
  }

  /** A listener that has not received the previous listing receives both at once. */
  #tellLater(listing: Listing, folder: LogFolder, changed: ReadonlySet<string>): void {
    const waiting = this.#untold.get(listing)?.changed;
    this.#untold.set(listing, { folder, changed: waiting?.union(changed) ?? changed });
  }

  /** Notifies as many listeners as a turn of the event loop has time for; the others in the following turns. */
  #tell(): void {
    let names = 0;
    for (const [listing, { folder, changed }] of this.#untold) {
      if (names >= NAMES_PER_TURN) {
        this.#telling ??= setImmediate(() => {
          this.#telling = null;
          this.#tell();
        });
        return;
      }
      this.#untold.delete(listing);
      listing(folder, changed);
      names += changed.size;
    }
  }

  #schedule(): void {
    if (this.#cancelTimer !== null || this.#closed) return;
    this.#cancelTimer = this.#clock.after(LISTING_MS, () => {
      this.#cancelTimer = null;
      this.list();
      if (this.#listeners.size > 0) this.#schedule();
    });
  }

  #rest(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = null;
    this.#latest = null;
  }
}

/**
 * Whether it is the same, unchanged file.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { isSameEntry } from "./folder_listing.ts";
 * import { lstat } from "../platform/files.ts";
 *
 * const facts = lstat(import.meta.filename ?? "");
 * const name = { namespace: "ns", podName: "p", containerName: "c", containerId: "1" };
 * const entry = { name, path: "/logs/p_ns_c-1.log", facts };
 * assert.equal(isSameEntry(entry, { ...entry }), true);
 * assert.equal(isSameEntry(entry, { ...entry, facts: { ...facts, size: facts.size + 1 } }), false);
 * ```
 */
export function isSameEntry(a: FolderEntry, b: FolderEntry): boolean {
  return a.facts.size === b.facts.size && a.facts.mtimeMs === b.facts.mtimeMs &&
    a.facts.ino === b.facts.ino && a.facts.dev === b.facts.dev;
}

/** The later listing, with the entries of the earlier one where they are the same. */
function withEntriesOf(before: LogFolder, now: LogFolder): LogFolder {
  const entries = new Map<string, FolderEntry>();
  for (const [fileName, entry] of now.entries) {
    const known = before.entries.get(fileName);
    entries.set(fileName, known !== undefined && isSameEntry(known, entry) ? known : entry);
  }
  return { ...now, entries };
}

function changedNames(before: LogFolder, now: LogFolder): Set<string> {
  const changed = new Set<string>();
  for (const [fileName, entry] of now.entries) {
    const old = before.entries.get(fileName);
    if (old === undefined || !isSameEntry(old, entry)) changed.add(fileName);
  }
  for (const fileName of before.entries.keys()) {
    if (!now.entries.has(fileName)) changed.add(fileName);
  }
  // Whether a file is unknown determines whether it is missing.
  for (const fileName of before.unknown) if (!now.unknown.has(fileName)) changed.add(fileName);
  for (const fileName of now.unknown) if (!before.unknown.has(fileName)) changed.add(fileName);
  return changed;
}
