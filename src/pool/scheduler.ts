import { Failure } from "../failure/failure.ts";
import type { Report } from "../telemetry/events.ts";
import type { Job } from "./job.ts";
import type { JobRequest } from "./job_messages.ts";
import { LANES, Lanes } from "./lanes.ts";
import type { ResponseMessage } from "./messages.ts";
import type { PoolTimes } from "./pool_times.ts";
import type { Lane, Thread } from "./thread.ts";
import { ThreadSet, type ThreadSetOptions } from "./thread_set.ts";

/** A piece can kill the worker that scans it; after this many workers, its job fails. */
const MAX_DEATHS = 2;
/** A job that waits for a disk, or for a module to load, may take this many times as long as one that computes. */
const WAITING_FACTOR = 2;

export interface SchedulerOptions extends Omit<ThreadSetOptions, "idleMs"> {
  readonly times: PoolTimes;
  /** Creates a job's request. Throws if the piece's bytes cannot be read. */
  readonly requestFor: (job: Job) => JobRequest;
  /** Called when a worker has completed a job. */
  readonly onDone: (job: Job, response: ResponseMessage) => void;
}

/**
 * Gives jobs to threads, and takes threads from jobs that delay others. Owns the lanes, where jobs wait, and the
 * threads, a limited number per lane; the pool alone calls it.
 *
 * No pattern delays others: a job that has computed for too long while others wait moves with its thread into the slow
 * lane, and a new thread takes its place. The slow lane has few threads, for which its streams take turns (a job that
 * arrives when all are busy is stopped and waits for one). So everybody else waits for a slow pattern once, for a
 * quarter of a second.
 */
export class Scheduler {
  readonly #options: SchedulerOptions;
  readonly #times: PoolTimes;
  readonly #report: Report;
  readonly #lanes: Lanes;
  readonly #threads: ThreadSet;
  #overtimeTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(options: SchedulerOptions) {
    this.#options = options;
    this.#times = options.times;
    this.#report = options.report;
    this.#lanes = new Lanes({
      engineBytes: options.engineBytes.quick,
      largeTurnMs: options.times.largeTurn,
    });
    this.#threads = new ThreadSet({ ...options, idleMs: options.times.idle }, {
      ready: () => this.#dispatch(),
      responded: (thread, response) => this.#responded(thread, response),
      died: (thread, why) => this.#died(thread, why),
    });
  }

  add(jobs: readonly Job[]): void {
    for (const job of jobs) this.#lanes.add(job);
    this.#dispatch();
  }

  /** The job is settled: removes it if it waits, and stops its thread if it runs. */
  forget(job: Job): void {
    this.#lanes.remove(job);
    for (const thread of this.#threads) {
      if (thread.job === job) this.#stop(thread);
      // If it has already begun, it is stopped when it becomes the thread's current job.
      else if (thread.queuedJob === job) thread.revokeQueued();
      else continue;
      return this.#dispatch();
    }
  }

  /** Ends all threads and fails all jobs. */
  close(error: Failure): void {
    clearTimeout(this.#overtimeTimer);
    const jobs = this.#lanes.takeAll();
    for (const thread of this.#threads) {
      for (let left = 2; left > 0; left--) {
        const job = thread.complete();
        if (job !== null) jobs.push(job);
      }
    }
    this.#threads.close();
    for (const job of jobs) job.fail(error);
  }

  /** Gives waiting jobs to free threads, starting threads up to the lane's number. */
  #dispatch(): void {
    for (const lane of LANES) {
      while (this.#lanes.hasWaiting(lane)) {
        const thread = this.#threads.free(lane) ??
          (lane === "quick" ? this.#threads.toQueueAt() : null);
        if (thread === null) break;
        const job = this.#lanes.take(lane);
        if (job !== undefined) this.#assign(thread, job);
      }
    }
    this.#watchOvertime();
    this.#threads.endIdle();
  }

  #assign(thread: Thread<Job>, job: Job): void {
    try {
      const { request, transfer } = this.#options.requestFor(job);
      thread.assign(job, request, transfer);
    } catch (error) {
      job.fail(error);
    }
  }

  #responded(thread: Thread<Job>, response: ResponseMessage): void {
    const job = thread.complete();
    if (response.kind === "engine-trapped") {
      // If the job is no longer needed, the thread was stopped; otherwise it ran out of memory. Only a new worker has a
      // small memory: that of WebAssembly never shrinks.
      this.#replace(thread, job === null || job.isOver ? "stuck" : "died", job);
      return this.#dispatch();
    }
    if (thread.job?.isOver) this.#stop(thread);
    if (job !== null && !job.isOver) this.#done(job, response, thread.lane);
    this.#dispatch();
  }

  #done(job: Job, response: ResponseMessage, lane: Lane): void {
    const isFast = response.computedMs < this.#times.slow / 2;
    this.#lanes.completed(job, isFast);
    if (response.kind === "file-unavailable" && job.canBeInlined) {
      job.isInlined = true;
      this.#putBack(job);
    } else if (response.kind === "engine-full" && lane !== "large") {
      this.#lanes.putIntoLarge(job);
    } else this.#options.onDone(job, response);
  }

  #died(thread: Thread<Job>, why: string): void {
    const job = thread.complete();
    this.#report({ type: "notice", level: "error", text: "a scan worker died", fields: { why } });
    this.#replace(thread, "died", job);
    this.#dispatch();
  }

  /** Replaces a thread; a new one starts when a job needs it. `job` is the one that it worked on. */
  #replace(thread: Thread<Job>, reason: "died" | "stuck", job: Job | null): void {
    this.#report({ type: "worker-replaced", reason });
    this.#threads.remove(thread);
    this.#putBack(thread.complete()); // The job that was queued behind it.
    if (job === null || job.isOver) return;
    job.deaths++;
    if (job.deaths < MAX_DEATHS) this.#putBack(job);
    else job.fail(new Failure("internal", "Cannot scan the log: two workers died scanning it"));
  }

  #putBack(job: Job | null): void {
    if (job !== null && !job.isOver) this.#lanes.putBack(job);
  }

  /** Tells a thread to leave its job; a thread that has not done so within the grace period is ended and replaced. */
  #stop(thread: Thread<Job>, { grace = this.#times.grace } = {}): void {
    this.#putBack(thread.revokeQueued());
    thread.stop(grace, this.#times.grace / 2, () => {
      thread.complete();
      this.#replace(thread, "stuck", null);
      this.#dispatch();
    });
  }

  /** While jobs wait, watches the jobs that delay them. */
  #watchOvertime(): void {
    clearTimeout(this.#overtimeTimer);
    const now = performance.now();
    const { slow } = this.#times;
    let next = Infinity;
    for (const thread of this.#threads.of("quick")) {
      const { job } = thread;
      if (job === null || job.isOver || !thread.isWorking || !this.#holdsUp(thread, job)) continue;
      const elapsed = now - thread.since;
      const computed = Math.min(thread.computedMs, elapsed);
      if (computed >= slow) return this.#toSlowLane(thread, job);
      const mayWait = slow * WAITING_FACTOR - elapsed;
      if (mayWait <= 0 && this.#setAside(thread, job)) return this.#dispatch();
      const mayCompute = slow - computed;
      next = Math.min(next, mayCompute, mayWait > 0 ? mayWait : Infinity);
    }
    if (next < Infinity) {
      this.#overtimeTimer = setTimeout(() => this.#dispatch(), Math.ceil(Math.max(next, 1)));
    }
  }

  #holdsUp(thread: Thread<Job>, job: Job): boolean {
    const { queuedJob } = thread;
    return queuedJob !== null && queuedJob.stream !== job.stream ||
      this.#lanes.hasOthersInQuick(job.stream);
  }

  #toSlowLane(thread: Thread<Job>, job: Job): void {
    this.#putBack(thread.revokeQueued());
    this.#lanes.markSlow(job);
    if (!this.#threads.moveToSlowLane(thread)) {
      thread.abandon();
      this.#lanes.putBack(job);
      this.#stop(thread, { grace: 0 });
    }
    this.#dispatch();
  }

  /** The job stays on its thread, and others get another thread if there is one. The job does not become slow. */
  #setAside(thread: Thread<Job>, job: Job): boolean {
    if (!this.#threads.moveToSlowLane(thread)) return false;
    this.#putBack(thread.revokeQueued());
    this.#lanes.setAside(job);
    return true;
  }
}
