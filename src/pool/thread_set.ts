import type { Report } from "../telemetry/events.ts";
import type { Job } from "./job.ts";
import type { ResponseMessage } from "./messages.ts";
import { type Lane, Thread } from "./thread.ts";

export interface ThreadSetOptions {
  /** Maximum number of threads per lane. */
  readonly threads: Readonly<Record<Lane, number>>;
  /** Memory of a thread's regex engine, bytes. */
  readonly engineBytes: Readonly<Record<Lane, number>>;
  /** How long a thread without work is kept, milliseconds. */
  readonly idleMs: number;
  readonly report: Report;
  readonly startWorker: () => Worker;
}

export interface ThreadSetEvents {
  ready(): void;
  responded(thread: Thread<Job>, response: ResponseMessage): void;
  died(thread: Thread<Job>, why: string): void;
}

/**
 * The threads of all lanes: starts them, up to each lane's number, and ends them. Owned by the scheduler, which alone
 * calls it.
 */
export class ThreadSet implements Iterable<Thread<Job>> {
  readonly #options: ThreadSetOptions;
  readonly #events: ThreadSetEvents;
  readonly #threads = new Set<Thread<Job>>();
  #engineBytes = 0;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: ThreadSetOptions, events: ThreadSetEvents) {
    this.#options = options;
    this.#events = events;
  }

  /** A copy: threads may be removed during the iteration. */
  [Symbol.iterator](): Iterator<Thread<Job>> {
    return [...this.#threads].values();
  }

  of(lane: Lane): Thread<Job>[] {
    return [...this.#threads].filter((thread) => thread.lane === lane);
  }

  /** A thread of the lane without work, started if necessary; null if all are busy. */
  free(lane: Lane): Thread<Job> | null {
    const threads = this.of(lane);
    // The thread that worked last has the file open and the pattern compiled; the others may become idle and end.
    const free = threads.filter((thread) => !thread.isBusy)
      .sort((a, b) => b.since - a.since)[0];
    if (free !== undefined) return free;
    return threads.length < this.#options.threads[lane] ? this.#start(lane) : null;
  }

  /** The quick thread that has worked on its job for longest, if it may be given another job to do next. */
  toQueueAt(): Thread<Job> | null {
    return this.of("quick")
      .filter((thread) => thread.canQueue && thread.job?.isOver === false)
      .sort((a, b) => a.since - b.since)[0] ?? null;
  }

  /** Moves a thread to the slow lane, replacing one without work if necessary. False if all are busy there. */
  moveToSlowLane(thread: Thread<Job>): boolean {
    const slow = this.of("slow");
    if (slow.length >= this.#options.threads.slow) {
      const free = slow.find((other) => !other.isBusy);
      if (free === undefined) return false;
      this.remove(free);
    }
    thread.lane = "slow";
    return true;
  }

  remove(thread: Thread<Job>): void {
    thread.end();
    this.#threads.delete(thread);
    this.#reportCount();
  }

  close(): void {
    clearTimeout(this.#idleTimer);
    for (const thread of this) this.remove(thread);
  }

  /**
   * Ends threads that have had no work for long enough, and schedules the next check for when another one will have. If
   * a check is already scheduled, that is early enough: threads that have worked since may stay longer.
   */
  endIdle(): void {
    if (this.#idleTimer === undefined) this.#endIdleNow();
  }

  #endIdleNow(): void {
    this.#idleTimer = undefined;
    const now = performance.now();
    let next = Infinity;
    for (const thread of this) {
      if (thread.isBusy) continue;
      const left = thread.since + this.#options.idleMs - now;
      if (left <= 0) this.remove(thread);
      else next = Math.min(next, left);
    }
    if (next < Infinity) {
      this.#idleTimer = setTimeout(() => this.#endIdleNow(), Math.ceil(next));
    }
  }

  #start(lane: Lane): Thread<Job> {
    const thread: Thread<Job> = new Thread<Job>(this.#options.startWorker(), {
      lane,
      engineBytes: this.#options.engineBytes[lane],
      events: {
        ready: () => this.#events.ready(),
        responded: (response) => {
          this.#reportEngines();
          this.#events.responded(thread, response);
        },
        died: (why) => this.#events.died(thread, why),
      },
    });
    this.#threads.add(thread);
    this.#reportCount();
    return thread;
  }

  #reportCount(): void {
    this.#options.report({ type: "workers", count: this.#threads.size });
    this.#reportEngines();
  }

  #reportEngines(): void {
    let bytes = 0;
    for (const thread of this.#threads) bytes += thread.engineBytes;
    if (bytes === this.#engineBytes) return;
    this.#engineBytes = bytes;
    this.#options.report({ type: "engines", bytes });
  }
}
