import type { Job } from "./job.ts";
import { LaneRules } from "./lane_rules.ts";
import type { Lane } from "./thread.ts";
import { WaitingJobs } from "./waiting_jobs.ts";

/** All lanes, in the order in which they are served. */
export const LANES: readonly Lane[] = ["quick", "slow", "large", "inflate"];

/**
 * The jobs that wait for a thread, each in its lane, in the order of their turns. The LaneRules determine a job's lane.
 * Owned by the scheduler, which alone calls it.
 */
export class Lanes {
  readonly #rules: LaneRules;
  readonly #largeTurnMs: number;
  readonly #waiting: Readonly<Record<Lane, WaitingJobs<Job>>> = {
    quick: new WaitingJobs(),
    slow: new WaitingJobs(),
    large: new WaitingJobs(),
    inflate: new WaitingJobs(),
  };
  #largeTurn: { readonly stream: object; readonly since: number } = { stream: {}, since: 0 };

  /** `engineBytes`: the memory that a regex engine outside the large lane may take, in bytes. */
  constructor(options: { readonly engineBytes: number; readonly largeTurnMs: number }) {
    this.#rules = new LaneRules(options.engineBytes);
    this.#largeTurnMs = options.largeTurnMs;
  }

  /** Adds a job that is new, or whose lane has changed. */
  add(job: Job): void {
    this.#rules.enter(job, this.#rules.laneOf(job));
    this.#waiting[job.lane].add(job);
  }

  /** Puts back a job that was taken before, as the next one in its lane. */
  putBack(job: Job): void {
    this.#waiting[job.lane].putBack(job);
  }

  /** Removes a settled job, wherever it is. */
  remove(job: Job): void {
    this.#rules.leave(job);
    this.#waiting[job.lane].remove(job);
  }

  /** The next job of the lane that is not over; undefined if there is none. */
  take(lane: Lane): Job | undefined {
    return lane === "large" ? this.#takeLarge() : this.#waiting[lane].take();
  }

  /** All waiting jobs. */
  takeAll(): Job[] {
    return LANES.flatMap((lane) => this.#waiting[lane].takeAll(() => true));
  }

  hasWaiting(lane: Lane): boolean {
    return this.#waiting[lane].size > 0;
  }

  /** Whether a job of another stream waits in the quick lane. */
  hasOthersInQuick(stream: object): boolean {
    return this.#waiting.quick.hasOtherThan(stream);
  }

  /** A job was done, fast or not: its stream may leave the slow lane as a result. */
  completed(job: Job, isFast: boolean): void {
    if (!this.#rules.completed(job, isFast)) return;
    const ofStream = this.#waiting.slow.takeAll(({ stream }) => stream === job.stream);
    // These jobs and the completed one no longer make their pattern slow.
    for (const one of [job, ...ofStream]) this.#rules.leave(one);
    for (const next of ofStream) this.add(next);
  }

  /** The job needs more memory than other engines have: it waits for the large lane's thread, as the next one. */
  putIntoLarge(job: Job): void {
    this.#rules.markLarge(job.stream);
    this.#rules.enter(job, "large");
    this.putBack(job);
  }

  /** The job has delayed others by computing: it and its stream belong in the slow lane. */
  markSlow(job: Job): void {
    this.#rules.markSlow(job.stream);
    this.#rules.enter(job, "slow");
    this.#moveToSlow();
  }

  /** The job delays others by waiting: it is in the slow lane until it is done, and does not affect its pattern. */
  setAside(job: Job): void {
    this.#rules.markWaiting(job.stream);
    this.#rules.enter(job, "slow");
    this.#moveToSlow();
  }

  /** Moves jobs from the quick lane that now belong in the slow one. */
  #moveToSlow(): void {
    const { quick, slow } = this.#waiting;
    for (const job of quick.takeAll((job) => this.#rules.laneOf(job) === "slow")) {
      this.#rules.enter(job, "slow");
      slow.add(job);
    }
  }

  /** Streams of the large lane have long turns: a change of turns may require compiling a pattern again. */
  #takeLarge(): Job | undefined {
    const now = performance.now();
    const { large } = this.#waiting;
    const { stream, since } = this.#largeTurn;
    const next = now - since < this.#largeTurnMs ? large.takeOf(stream) : undefined;
    if (next !== undefined) return next;
    const job = large.take();
    if (job !== undefined) this.#largeTurn = { stream: job.stream, since: now };
    return job;
  }
}
