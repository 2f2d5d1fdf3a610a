import { clearImmediate, setImmediate } from "node:timers";
import type { Clock } from "./clock.ts";

/** How long tasks block the event loop at a time, in milliseconds; the last one of a turn may take longer. */
const TURN_MS = 4;
/** A task that begins this soon after another belongs to the same turn, unless that turn is known to have ended. */
const SAME_TURN_MS = 0.5;
/** How much of a turn's time is used before it matters when the turn ends, in milliseconds. */
const MIN_NOTICED_MS = 1;

/**
 * Runs many short tasks: each one immediately while this turn of the event loop has time left, the others in later
 * turns, in order. Owned by the owner of the tasks, who closes it.
 */
export class TaskTurns {
  readonly #clock: Clock;
  readonly #turnMs: number;
  readonly #isEager: boolean;
  readonly #waiting = new Set<() => void>();
  #turnEnd = -Infinity;
  #lastEnd = -Infinity;
  /** Number of tasks that are running now, one inside another. */
  #depth = 0;
  #isTakingTurn = false;
  /** Will the end of this turn be noticed? */
  #noticesEnd = false;
  #cancelTimer: (() => void) | null = null;
  #closed = false;

  /**
   * @param options.turnMs how long tasks block the event loop at a time
   * @param options.isEager true: tasks run in the very next turn, because many callers wait for them. Otherwise the
   * loop is left for a moment to other work, which may need several turns.
   */
  constructor(
    clock: Clock,
    options: { readonly turnMs?: number; readonly isEager?: boolean } = {},
  ) {
    this.#clock = clock;
    this.#turnMs = options.turnMs ?? TURN_MS;
    this.#isEager = options.isEager ?? false;
  }

  /** How many tasks wait for a later turn. */
  get waiting(): number {
    return this.#waiting.size;
  }

  /** Runs the task, now or in a later turn. A task that is already waiting is not added again. */
  run(task: () => void): void {
    if (this.#closed) return;
    if (this.#waiting.size === 0 && this.hasTime()) return this.#run(task);
    this.#waiting.add(task);
    this.#schedule();
  }

  /**
   * Runs the tasks, at least the first one now, whatever is already waiting: for tasks that are cheaper now than later.
   */
  runAll(tasks: Iterable<() => void>): void {
    this.hasTime(); // Starts the turn's time, unless it has started.
    this.#run(() => {
      let isFirst = true;
      for (const task of [...tasks]) {
        if (isFirst || this.#closed || this.hasTime()) task();
        else this.#waiting.add(task);
        isFirst = false;
      }
    });
    this.#schedule();
  }

  /**
   * Takes all steps, as many as this turn has time for and the others in later turns, and returns the result of the
   * last one: a promise if that is in a later turn. Throws, or rejects with, the error of a step. The promise never
   * settles after `close`.
   */
  runSteps<T>(steps: Iterator<void, T>): T | Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    let result: { readonly value: T } | null = null;
    let isLate = false;
    const takeSteps = () => {
      try {
        for (let hasTime = true; hasTime; hasTime = this.hasTime()) {
          const { done, value } = steps.next();
          if (done) {
            result = { value };
            return resolve(value);
          }
        }
      } catch (error) {
        if (!isLate) throw error;
        return reject(error);
      }
      this.run(takeSteps);
    };
    this.run(takeSteps);
    isLate = true;
    const ended = result as { readonly value: T } | null;
    return ended === null ? promise : ended.value;
  }

  /**
   * Does the work, and returns its result: a promise if it is done in a later turn. Throws, or rejects with, errors of
   * the work.
   */
  call<T>(work: () => T): T | Promise<T> {
    if (this.#closed) return work();
    return this.runSteps({ next: () => ({ done: true, value: work() }) });
  }

  /** Whether there is time left in this turn. A task calls it between its steps. */
  hasTime(): boolean {
    const now = this.#clock.now();
    const isNewTurn = this.#depth === 0 && !this.#isTakingTurn &&
      now - this.#lastEnd > SAME_TURN_MS;
    if (isNewTurn) this.#turnEnd = now + this.#turnMs;
    return now < this.#turnEnd;
  }

  /** Stops running tasks. Idempotent. */
  close(): void {
    this.#closed = true;
    this.#waiting.clear();
    this.#cancelTimer?.();
    this.#cancelTimer = null;
  }

  #run(task: () => void): void {
    this.#depth++;
    try {
      task();
    } finally {
      this.#depth--;
      this.#lastEnd = this.#clock.now();
      if (this.#depth === 0) this.#noticeEnd();
    }
  }

  /** After much of a turn's time is used, its end must be noticed: tasks of the next turn have their own time. */
  #noticeEnd(): void {
    const used = this.#turnMs - (this.#turnEnd - this.#lastEnd);
    if (this.#noticesEnd || used < MIN_NOTICED_MS) return;
    this.#noticesEnd = true;
    setImmediate(() => {
      this.#noticesEnd = false;
      if (!this.#isTakingTurn) this.#lastEnd = -Infinity;
    });
  }

  #schedule(): void {
    if (this.#isTakingTurn || this.#waiting.size === 0) return;
    this.#cancelTimer ??= this.#later(() => this.#takeTurn());
  }

  #later(run: () => void): () => void {
    if (!this.#isEager) return this.#clock.after(0, run);
    const immediate = setImmediate(run);
    return () => clearImmediate(immediate);
  }

  #takeTurn(): void {
    this.#cancelTimer = null;
    this.#turnEnd = this.#clock.now() + this.#turnMs;
    this.#isTakingTurn = true;
    try {
      for (const task of this.#waiting) {
        this.#waiting.delete(task);
        this.#run(task);
        if (!this.hasTime()) break;
      }
    } finally {
      this.#isTakingTurn = false;
      this.#schedule();
    }
  }
}
