import { setImmediate } from "node:timers";
import { Failure } from "../failure/failure.ts";
import type { Clock } from "../platform/clock.ts";
import type { TaskTurns } from "../platform/task_turns.ts";
import { compareFolders } from "./folder_changes.ts";
import { examineLinks, type LogFolder, readFileNames } from "./log_folder.ts";

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
  readonly #turns: TaskTurns;
  readonly #listeners = new Set<Listing>();
  /** Listeners that have not received the last listing yet, with what they are to receive. */
  readonly #untold = new Map<Listing, { folder: LogFolder; changed: ReadonlySet<string> }>();
  #telling: ReturnType<typeof setImmediate> | null = null;
  #latest: LogFolder | null = null;
  #reading: Promise<LogFolder> | null = null;
  #listedAt = -Infinity;
  #cancelTimer: (() => void) | null = null;
  #closed = false;

  constructor(path: string, clock: Clock, turns: TaskTurns) {
    this.#path = path;
    this.#clock = clock;
    this.#turns = turns;
  }

  /**
   * Calls `listing` from now on, every 500 ms if the folder can be read. `folder` is the folder as it is, or was at
   * most 50 ms ago: later changes come with the next listing. It is a promise if the folder is very large, because it
   * is then read in several turns of the event loop. Throws, or rejects, as readFileNames does.
   */
  begin(
    listing: Listing,
  ): { readonly folder: LogFolder | Promise<LogFolder>; readonly end: () => void } {
    let isOver = false;
    const end = () => {
      isOver = true;
      this.#listeners.delete(listing);
      this.#untold.delete(listing);
      if (this.#listeners.size === 0) this.#rest();
    };
    const begun = (folder: LogFolder) => {
      if (isOver || this.#closed) return folder;
      this.#listeners.add(listing);
      this.#schedule();
      return folder;
    };
    const isRecent = this.#clock.now() - this.#listedAt < SHARED_MS;
    const folder = isRecent && this.#latest !== null ? this.#latest : this.#read();
    return { folder: folder instanceof Promise ? folder.then(begun) : begun(folder), end };
  }

  /** Lists now, if there are any watches. */
  list(): void {
    if (this.#listeners.size === 0) return;
    const failed = (error: unknown) => {
      // A folder that cannot be read now says nothing about its logs; if the folder is gone, its logs are gone too.
      const isGone = error instanceof Failure && error.kind === "not-found";
      if (isGone) void this.#take(this.#compareSteps(emptyFolder, this.#clock.now()));
    };
    try {
      const read = this.#read();
      if (read instanceof Promise) read.catch(failed);
    } catch (error) {
      failed(error);
    }
  }

  close(): void {
    this.#closed = true;
    this.#listeners.clear();
    this.#untold.clear();
    this.#rest();
  }

  /** Reads the folder once for all callers that ask while it is being read. */
  #read(): LogFolder | Promise<LogFolder> {
    if (this.#reading !== null) return this.#reading;
    const began = this.#clock.now();
    const names = readFileNames(this.#path);
    if (!(names instanceof Promise)) return this.#take(this.#readSteps(names, began));
    return this.#wait(names.then((names) => this.#turns.runSteps(this.#readSteps(names, began))));
  }

  #take(steps: Iterator<void, LogFolder>): LogFolder | Promise<LogFolder> {
    const folder = this.#turns.runSteps(steps);
    return folder instanceof Promise ? this.#wait(folder) : folder;
  }

  /** No other listing begins before this one has ended. */
  #wait(folder: Promise<LogFolder>): Promise<LogFolder> {
    return this.#reading = folder.finally(() => this.#reading = null);
  }

  *#readSteps(names: readonly string[], began: number): Generator<void, LogFolder> {
    return yield* this.#compareSteps(yield* examineLinks(this.#path, names), began);
  }

  /** `listedAt`: when the listing began, by the clock. */
  *#compareSteps(now: LogFolder, listedAt: number): Generator<void, LogFolder> {
    const { folder, changed } = yield* compareFolders(this.#latest ?? emptyFolder, now);
    this.#latest = folder;
    this.#listedAt = listedAt;
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
