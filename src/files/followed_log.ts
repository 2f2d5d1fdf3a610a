import type { Failure } from "../failure/failure.ts";
import { CheckLoop } from "./check_loop.ts";
import type { Clock } from "../platform/clock.ts";
import type { TaskTurns } from "../platform/task_turns.ts";
import { Deadline } from "./deadline.ts";
import type { CheckReason } from "./check_rounds.ts";
import type { LocatedLog } from "./locate.ts";
import type { LogSegment } from "./log_segment.ts";
import { RotationTracker, type TrackerOptions } from "./rotation_tracker.ts";

/**
 * One container's log through all its files, shared by its followers: has it checked when something happens or is due,
 * and wakes the followers when there may be more to read. Owned by the FollowRegistry; its followers call it.
 */
export class FollowedLog {
  readonly #tracker: RotationTracker;
  readonly #loop: CheckLoop;
  readonly #deadline: Deadline;
  readonly #clock: Clock;
  readonly #turns: TaskTurns;
  readonly #wakes = new Set<() => void>();
  /** Pending inflation of compressed files that are needed to continue. */
  #inflating: Promise<void> | null = null;
  #isClosed = false;

  /** Throws Failure if the log cannot be opened. */
  constructor(located: LocatedLog, options: TrackerOptions) {
    this.#tracker = new RotationTracker(located, options, {
      check: (reason) => this.check(reason),
      onInflating: (ready) => this.#recheckAfter(ready),
    });
    this.#loop = new CheckLoop({
      check: (reason) => this.#tracker.check(reason),
      onChecked: () => this.#wakeAll(),
      isOver: () => this.ended,
    });
    const { clock, turns } = options.watcher;
    this.#clock = clock;
    this.#turns = turns;
    const checkDue = () => void this.check("tick");
    // Many logs may fall due at the same moment.
    this.#deadline = new Deadline(clock, () => turns.run(checkDue));
    this.#setDeadline();
  }

  /** The segment that is written to. */
  get current(): LogSegment {
    return this.#tracker.current;
  }

  /** Whether nothing more will come: the log is gone, or may no longer be read (failure). */
  get ended(): boolean {
    return this.#isClosed || this.#tracker.ending !== null;
  }

  get failure(): Failure | null {
    return this.#tracker.ending?.failure ?? null;
  }

  /** Whether it waits until files can be read again. A file that cannot be read now is not lost yet. */
  get isRefused(): boolean {
    return this.#tracker.isRefused && !this.ended;
  }

  /** Whether it waits for a compressed file to be inflated. The content of such a file is not lost. */
  get isInflating(): boolean {
    return this.#inflating !== null && !this.ended;
  }

  /** The number of followers. */
  get followers(): number {
    return this.#wakes.size;
  }

  after(segment: LogSegment): LogSegment | null {
    return this.#tracker.chain.after(segment);
  }

  /** Calls `wake` when there may be more to read. Returns a function that ends this. */
  onMore(wake: () => void): () => void {
    this.#wakes.add(wake);
    return () => {
      this.#wakes.delete(wake);
    };
  }

  /** A follower reads a segment from now on. */
  enter(segment: LogSegment): void {
    this.#tracker.chain.enter(segment);
  }

  leave(segment: LogSegment): void {
    this.#tracker.leave(segment);
  }

  /** Finds the file of a parked segment again by its content; the segment is lost if the file has gone. */
  reopen(segment: LogSegment): void {
    this.#tracker.reopen(segment);
    this.#setDeadline();
  }

  /** Nobody follows the log any more. Idempotent. */
  close(): void {
    this.#isClosed = true;
    this.#deadline.cancel();
    this.#tracker.close();
  }

  /** Detects what has happened to the log. Returns whether anything that an event announces had happened. */
  check(reason: CheckReason): boolean {
    const isDue = reason === "tick" && this.#tracker.dueAt <= this.#clock.now();
    const changed = this.#loop.run(reason);
    if (changed || reason !== "peek" || this.current.isBehind) this.#setDeadline();
    return changed && !isDue;
  }

  /** Bytes were not as expected: checks the log, and wakes all followers in any case. */
  recheck(): void {
    if (this.ended) return this.#wakeAll();
    this.#loop.askAgain();
    this.#setDeadline();
  }

  /** Each of many followers may have much to send: those for whom this turn of the event loop has no time come later. */
  #wakeAll(): void {
    this.#turns.runAll(this.#wakes);
    for (const segment of this.#tracker.chain) segment.forgetFreshLines();
  }

  #recheckAfter(ready: Promise<void>): void {
    if (this.#inflating === ready) return;
    this.#inflating = ready;
    ready.then(() => {
      if (this.#inflating !== ready) return;
      this.#inflating = null;
      if (!this.ended) this.recheck();
    });
  }

  /** Schedules a check for when something is due that no event announces. */
  #setDeadline(): void {
    if (this.ended) this.#deadline.cancel();
    else this.#deadline.set(this.#tracker.dueAt);
  }
}
