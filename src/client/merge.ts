import type { LogRecord } from "../generated/cluster_agent.ts";

/** The number of waiting records of one source; beyond either limit, it is paused. */
const MAX_RECORDS = 1024;
const MAX_CHARACTERS = 2 ** 20;
/** While following: how long a record waits for earlier ones from other logs, milliseconds. */
const HOLD_MS = 150;
/** A log with this many waiting records is catching up rather than live. */
const CATCHING_UP = 64;

/** One log's records on their way into the merge. */
export interface MergeSource {
  /** Adds a record. Returns false if the source should pause until onRoom is called. */
  add(record: LogRecord): boolean;
  /** No more records come. */
  end(): void;
}

export interface MergeOptions {
  readonly direction: "forward" | "backward";
  /** Logs are followed: a silent log must not hold back the others. */
  readonly live: boolean;
  /** Receives the records in order. Returns false when it has enough. */
  readonly emit: (record: LogRecord, name: string) => boolean;
  /** Records that had waited for others were emitted, and nothing has arrived meanwhile. */
  readonly onReleased: () => void;
  /** Milliseconds of a monotonic clock. */
  readonly now?: () => number;
}

/**
 * Merges the records of several logs in the order of their times. Without following, the order is exact; while
 * following, a record waits at most 150 ms for earlier ones, so that logs from several nodes are shown in order as they
 * are written. Owned by the session, which alone calls it.
 */
export class RecordMerge {
  readonly #options: MergeOptions;
  readonly #now: () => number;
  readonly #sources = new Set<Source>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #isDone = false;

  constructor(options: MergeOptions) {
    this.#options = options;
    this.#now = options.now ?? (() => performance.now());
  }

  /** onRoom is called when a paused source may resume. */
  source(name: string, onRoom: () => void): MergeSource {
    const source = new Source(name, onRoom, this.#now());
    this.#sources.add(source);
    return {
      add: (record) => {
        source.push(record, this.#now());
        this.#pump();
        return source.pauseIfFull();
      },
      end: () => {
        source.isEnded = true;
        this.#pump();
      },
    };
  }

  /** Stops emitting. */
  close(): void {
    this.#isDone = true;
    clearTimeout(this.#timer);
  }

  #pump(): void {
    if (this.#isDone) return;
    clearTimeout(this.#timer);
    for (;;) {
      const next = this.#next();
      if (next === null) break;
      if (typeof next === "number") {
        this.#timer = setTimeout(() => {
          this.#pump();
          this.#options.onReleased();
        }, next);
        break;
      }
      const record = next.shift();
      if (!this.#options.emit(record, next.name)) {
        this.close();
        return;
      }
      if (this.#isDone) return; // emit may close the merge
    }
  }

  /** The source whose record is next, or how long to wait in milliseconds; null: until a record arrives. */
  #next(): Source | number | null {
    const now = this.#now();
    let best: Source | null = null;
    let wait = 0;
    let hasSilent = false;
    for (const source of this.#sources) {
      const { head } = source;
      if (head === null) {
        if (source.isEnded) {
          this.#sources.delete(source);
          continue;
        }
        if (!this.#options.live) return null;
        hasSilent = true;
        wait = Math.max(wait, source.lastArrival + HOLD_MS - now);
      } else if (best === null || this.#isBefore(head, best.head ?? head)) best = source;
    }
    if (best === null) return null;
    if (!hasSilent || best.isFull) return best;
    if (best.length < CATCHING_UP) wait = Math.max(wait, best.headSince + HOLD_MS - now);
    return wait > 0 ? wait : best;
  }

  #isBefore(a: LogRecord, b: LogRecord): boolean {
    const order = compareTimes(a, b);
    return this.#options.direction === "forward" ? order < 0 : order > 0;
  }
}

class Source {
  readonly name: string;
  readonly #onRoom: () => void;
  #records: LogRecord[] = [];
  /** When each arrived. */
  #since: number[] = [];
  #first = 0;
  #characters = 0;
  #isPaused = false;
  isEnded = false;
  /**
   * When the last record arrived, or the source was opened: a source that has been silent for long does not delay the
   * others.
   */
  lastArrival: number;

  constructor(name: string, onRoom: () => void, now: number) {
    this.name = name;
    this.#onRoom = onRoom;
    this.lastArrival = now;
  }

  get length(): number {
    return this.#records.length - this.#first;
  }

  get head(): LogRecord | null {
    return this.#records[this.#first] ?? null;
  }

  get headSince(): number {
    return this.#since[this.#first] ?? 0;
  }

  get isFull(): boolean {
    return this.length >= MAX_RECORDS || this.#characters >= MAX_CHARACTERS;
  }

  /** False if the source must pause until onRoom is called. */
  pauseIfFull(): boolean {
    if (this.isFull) this.#isPaused = true;
    return !this.#isPaused;
  }

  push(record: LogRecord, now: number): void {
    this.#records.push(record);
    this.#since.push(now);
    this.lastArrival = now;
    this.#characters += record.message.length;
  }

  shift(): LogRecord {
    const record = this.#records[this.#first];
    if (record === undefined) throw new Error("nothing waits");
    this.#first++;
    this.#characters -= record.message.length;
    if (this.#first === this.#records.length || this.#first >= MAX_RECORDS) {
      this.#records = this.#records.slice(this.#first);
      this.#since = this.#since.slice(this.#first);
      this.#first = 0;
    }
    if (this.#isPaused && this.length < MAX_RECORDS / 2 && this.#characters < MAX_CHARACTERS / 2) {
      this.#isPaused = false;
      this.#onRoom();
    }
    return record;
  }
}

/** Negative if a is earlier. */
function compareTimes(a: LogRecord, b: LogRecord): number {
  const [x, y] = [a.timestamp, b.timestamp];
  const [s, t] = [x?.seconds ?? 0n, y?.seconds ?? 0n];
  return s === t ? (x?.nanos ?? 0) - (y?.nanos ?? 0) : s < t ? -1 : 1;
}
