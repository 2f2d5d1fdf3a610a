import type { Clock } from "../platform/clock.ts";
import type { WatchEvent } from "../platform/folder_watch.ts";
import type { TaskTurns } from "../platform/task_turns.ts";
import type { RoundResult } from "./check_rounds.ts";
import { EventRate } from "./event_rate.ts";

/** Events within this time of each other are a burst: files that were written at the same moment. */
const BURST_MS = 1;
/**
 * In a burst, all files are peeked at, which takes some µs each: no more often than this, and for a twentieth of the
 * time.
 */
const PEEK_MS = { min: 2, perSpent: 20 };
/**
 * Above this rate of events, files wait to be checked together: checking and writing costs much less for lines that
 * arrive together. Below it, as for a person who watches some logs, each file is checked when its event arrives.
 */
const MANY = { events: 80, inMs: 100 };
/** How long they wait. Including the time to check and write, lines are delivered within 10 ms. */
export const BATCH_MS = 4;

export interface EventBatchesOptions {
  readonly clock: Clock;
  readonly turns: TaskTurns;
  /** Checks a file that something has happened to, or that was written to. */
  check(path: string, reason: "event" | "written"): void;
  /** Checks whether any of the files has grown, and calls back when all have been checked. */
  peekAll(onDone: (result: RoundResult) => void): void;
}

/** Decides when files named by events are checked. Owned by the FileWatcher. */
export class EventBatches {
  readonly #options: EventBatchesOptions;
  readonly #rate: EventRate;
  readonly #pending = new Map<string, "event" | "written">();
  /** Whether files of the last batch are still to be checked, in a later turn of the event loop. */
  #isChecking = false;
  #cancelBatch: (() => void) | null = null;
  #lastEventAt = -Infinity;
  #nextPeekAt = -Infinity;

  constructor(options: EventBatchesOptions) {
    this.#options = options;
    this.#rate = new EventRate(options.clock, MANY.inMs);
  }

  /** Reports events for these files, at least one of which is followed. */
  add({ kind, paths }: Pick<WatchEvent, "kind" | "paths">): void {
    const reason = kind === "modify" ? "written" : "event";
    const { clock, check } = this.#options;
    const events = this.#rate.count();
    if (events.current > MANY.events || events.previous >= MANY.events) {
      for (const path of paths) {
        if (reason === "event" || !this.#pending.has(path)) this.#pending.set(path, reason);
      }
      if (!this.#isChecking) {
        this.#cancelBatch ??= clock.after(BATCH_MS, () => {
          this.#cancelBatch = null;
          this.#isChecking = true;
          this.#options.turns.run(this.#checkPending);
        });
      }
      return;
    }
    const now = clock.now();
    for (const path of paths) check(path, reason);
    if (now - this.#lastEventAt < BURST_MS && now >= this.#nextPeekAt) this.#peek(now);
    this.#lastEventAt = clock.now();
  }

  /** Forgets all pending checks. */
  clear(): void {
    this.#cancelBatch?.();
    this.#cancelBatch = null;
    this.#pending.clear();
  }

  readonly #checkPending = (): void => {
    const { check, turns } = this.#options;
    for (const [path, reason] of this.#pending) {
      this.#pending.delete(path);
      check(path, reason);
      if (!turns.hasTime()) break;
    }
    this.#isChecking = this.#pending.size > 0;
    if (this.#isChecking) turns.run(this.#checkPending);
  };

  #peek(now: number): void {
    this.#nextPeekAt = Infinity; // Until this one is done.
    this.#options.peekAll(({ spentMs }) => {
      this.#nextPeekAt = now + Math.max(PEEK_MS.min, PEEK_MS.perSpent * spentMs);
    });
  }
}
