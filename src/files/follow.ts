import { Failure } from "../failure/failure.ts";
import type { LogFormat } from "../scan/format.ts";
import type { ByteSource } from "../scan/time_window.ts";
import type { Report } from "../telemetry/events.ts";
import type { Changes } from "./changes.ts";
import type { Generation } from "./generation.ts";
import { accessFailure, locate, type LogRoots } from "./locate.ts";
import { logFileName, type LogName } from "./name.ts";
import { Tracker } from "./tracker.ts";

/** Whole lines that were appended to a log. */
export interface AppendedRange {
  /**
   * Where the bytes are. Its path, device and inode change when the bytes move (into a rotated copy): take them when
   * you read; with -1 they are to be had from the source alone.
   */
  readonly source: ByteSource & {
    readonly path: string;
    readonly dev: number;
    readonly ino: number;
    readonly format: LogFormat;
  };
  readonly from: number;
  /** The range ends at a line's end; the last line of a file that is over may lack its newline. */
  readonly to: number;
  /** Nothing comes after it. */
  readonly last: boolean;
  /** Tell that fewer bytes than promised were found, from this offset on: the log was truncated meanwhile. */
  shortAt(offset: number): void;
}

export interface FollowsOptions {
  readonly roots: LogRoots;
  readonly changes: Changes;
  readonly report: Report;
  /** How long a log that is not there yet is waited for, milliseconds. */
  readonly missingFileWaitMs: number;
}

/** How often a log that is waited for is looked for. */
const APPEAR_MS = 100;

/** All that is followed in this process. */
export class Follows {
  readonly #options: FollowsOptions;
  readonly #trackers = new Map<string, Tracker>();
  readonly #followers = new Set<Follower>();
  #open = 0;
  #closed = false;

  constructor(options: FollowsOptions) {
    this.#options = options;
  }

  /**
   * The ranges of a log from its beginning, or from the last line boundary at this call, in order, each byte once,
   * through every rotation. The place is fixed when this returns. Ends when the log's link and file are gone for two
   * seconds, or the signal fires. A log that is not there yet is waited for and read whole; next() throws
   * Failure not-found when it does not come in time, permission-denied where it may not be read.
   */
  follow(
    name: LogName,
    options: { start: "beginning" | "end"; signal: AbortSignal },
  ): AsyncIterableIterator<AppendedRange> {
    const follower: Follower = new Follower(name, {
      ...this.#options,
      ...options,
      acquire: (young) => this.#acquire(name, young),
      released: (tracker) => this.#released(tracker),
      done: () => {
        this.#followers.delete(follower);
        this.#options.report({ type: "followers", change: -1 });
      },
    });
    this.#followers.add(follower);
    this.#options.report({ type: "followers", change: 1 });
    follower.begin();
    if (this.#closed) follower.end();
    return follower;
  }

  /** Ends all following. */
  close(): void {
    this.#closed = true;
    for (const follower of [...this.#followers]) follower.end();
  }

  /** Throws Failure where nobody follows the log yet and it cannot be opened. */
  #acquire(name: LogName, young: boolean): Tracker {
    const key = logFileName(name);
    const shared = this.#trackers.get(key);
    shared?.look("tick");
    // One that has ended is drained by its followers; what is there now is another log.
    if (shared !== undefined && !shared.ended) return shared;
    const located = locate(this.#options.roots, name);
    const tracker = new Tracker(located, { ...this.#options, young });
    this.#trackers.set(key, tracker);
    this.#count(1);
    return tracker;
  }

  #released(tracker: Tracker): void {
    if (tracker.users > 0) return;
    tracker.close();
    for (const [key, one] of this.#trackers) if (one === tracker) this.#trackers.delete(key);
    this.#count(-1);
  }

  #count(change: number): void {
    this.#open += change;
    this.#options.report({ type: "followed-files", count: this.#open });
  }
}

interface FollowerOptions extends FollowsOptions {
  readonly start: "beginning" | "end";
  readonly signal: AbortSignal;
  acquire(young: boolean): Tracker;
  /** The follower uses it no more. */
  released(tracker: Tracker): void;
  done(): void;
}

interface Position {
  readonly generation: Generation;
  /** The first byte that was not given out. */
  offset: number;
}

/** One reader's way through a log. */
class Follower implements AsyncIterableIterator<AppendedRange> {
  readonly #name: LogName;
  readonly #options: FollowerOptions;
  #tracker: Tracker | null = null;
  #unsubscribe: () => void = () => {};
  /** Oldest first. The last one is where it reads; the others may still get late lines. */
  readonly #positions: Position[] = [];
  #given: { position: Position; to: number; short: number | null } | null = null;
  #lastShort: { generation: Generation; offset: number } | null = null;
  #failure: Failure | null = null;
  #ended = false;
  #wake: () => void = () => {};
  #waitingSince = 0;
  #cancelTimer: () => void = () => {};
  readonly #onAbort = () => this.end();

  constructor(name: LogName, options: FollowerOptions) {
    this.#name = name;
    this.#options = options;
  }

  /** Fixes the place where to begin. */
  begin(): void {
    const { signal } = this.#options;
    if (signal.aborted) {
      this.end();
      return;
    }
    signal.addEventListener("abort", this.#onAbort, { once: true });
    this.#waitingSince = this.#clock.now();
    this.#attach(false);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<AppendedRange>> {
    this.#settleGiven();
    while (!this.#ended) {
      if (this.#failure !== null) {
        const failure = this.#failure;
        this.end();
        throw failure;
      }
      const range = this.#take();
      if (range !== null) return { done: false, value: range };
      if (this.#tracker?.ended) {
        this.#failure = this.#tracker.failure;
        if (this.#failure === null) this.end();
        continue;
      }
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
    return { done: true, value: undefined };
  }

  return(): Promise<IteratorResult<AppendedRange>> {
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  /** Gives everything back; next() tells the end from now on. Idempotent. */
  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#options.signal.removeEventListener("abort", this.#onAbort);
    this.#cancelTimer();
    this.#unsubscribe();
    const tracker = this.#tracker;
    if (tracker !== null) {
      for (const position of this.#positions) tracker.leave(position.generation);
      this.#positions.length = 0;
      this.#options.released(tracker);
    }
    this.#options.done();
    this.#wake();
  }

  get #clock() {
    return this.#options.changes.clock;
  }

  #attach(late: boolean): void {
    let tracker: Tracker;
    try {
      tracker = this.#options.acquire(late);
    } catch (error) {
      const failure = error instanceof Failure ? error : accessFailure(this.#name.podName, error);
      if (failure.kind === "not-found") this.#waitForFile(failure);
      else this.#fail(failure);
      return;
    }
    this.#tracker = tracker;
    this.#unsubscribe = tracker.onMore(() => this.#wake());
    const generation = tracker.current;
    const fromEnd = this.#options.start === "end" && !late;
    this.#enter({ generation, offset: fromEnd ? generation.committed : 0 });
    this.#wake();
  }

  #waitForFile(missing: Failure): void {
    const left = this.#waitingSince + this.#options.missingFileWaitMs - this.#clock.now();
    if (left <= 0) {
      this.#fail(missing);
      return;
    }
    this.#cancelTimer = this.#clock.after(Math.min(APPEAR_MS, left), () => this.#attach(true));
  }

  #fail(failure: Failure): void {
    this.#failure = failure;
    this.#wake();
  }

  #enter(position: Position): void {
    this.#tracker?.enter(position.generation);
    this.#positions.push(position);
  }

  /** The next range that is there; null where there is none now. */
  #take(): AppendedRange | null {
    const tracker = this.#tracker;
    if (tracker === null) return null;
    for (let i = 0; i < this.#positions.length;) {
      const position = this.#positions[i];
      if (position === undefined) break;
      const { generation } = position;
      if (generation.parked) tracker.reopen(generation);
      if (!generation.lost && position.offset < generation.committed) return this.#give(position);
      if (i === this.#positions.length - 1) {
        const next = tracker.after(generation);
        const over = generation.stage === "settled" || generation.stage === "finished";
        if (next !== null && over) this.#enter({ generation: next, offset: 0 });
        else if (!tracker.ended) return null;
      }
      if (generation.stage !== "finished") i++;
      else {
        this.#countLost(position, generation.knownEnd);
        this.#positions.splice(i, 1);
        tracker.leave(generation);
      }
    }
    return null;
  }

  #give(position: Position): AppendedRange {
    const { generation, offset: from } = position;
    const to = generation.committed;
    this.#given = { position, to, short: null };
    const given = this.#given;
    const tracker = this.#tracker;
    return {
      source: generation,
      from,
      to,
      last: tracker !== null && tracker.ended && generation === tracker.current,
      shortAt: (offset) => {
        if (this.#given !== given || offset < from || offset >= to) return;
        given.short = offset;
        tracker?.look("tick"); // A truncation shows now.
      },
    };
  }

  /** The range that was given out last has been read. */
  #settleGiven(): void {
    const given = this.#given;
    if (given === null) return;
    this.#given = null;
    const { position, to, short } = given;
    position.offset = short ?? to;
    if (short === null || position.generation.lost) return;
    const { generation } = position;
    if (this.#lastShort?.generation === generation && this.#lastShort.offset === short) {
      // Twice, though it was not truncated: these bytes cannot be read, and asking on would never end.
      this.#countLost(position, to);
      position.offset = to;
    } else this.#lastShort = { generation, offset: short };
  }

  #countLost(position: Position, end: number): void {
    const bytes = end - position.offset;
    if (bytes <= 0) return;
    this.#options.report({ type: "truncated", bytes, path: position.generation.path });
  }
}
