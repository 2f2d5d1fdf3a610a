import { estimateEngineBytes } from "../scan/pattern_size.ts";
import type { Job } from "./job.ts";
import type { Lane } from "./thread.ts";

/**
 * The number of consecutive fast pieces after which a stream leaves the slow lane; doubled each time that it comes
 * back.
 */
const FIRST_FAST_PIECES = 2;
const MAX_FAST_PIECES = 64;

interface SlowStream {
  /** Whether it is in the slow lane now; if not, it was once. */
  isSlow: boolean;
  /** The number of consecutive fast pieces, and how many are needed to leave. */
  fast: number;
  needed: number;
}

/**
 * Determines the lane of a job. A stream is slow from the moment it delayed others by computing until it has been fast
 * for some pieces. A pattern is slow as long as it runs in the slow lane: other streams' jobs with it go there too. A
 * stream that delays others by waiting (for a disk, or for a module to load) is set aside for that one job and does not
 * affect its pattern. Owned by the scheduler, which alone calls it.
 */
export class LaneRules {
  readonly #slowStreams = new WeakMap<object, SlowStream>();
  readonly #waitingStreams = new WeakSet<object>();
  /** Whether the stream's pattern needs more memory than every engine has. At first an estimate. */
  readonly #largeStreams = new WeakMap<object, boolean>();
  readonly #engineBytes: number;
  /** Jobs in the slow lane whose patterns are slow, and how many there are per pattern. */
  readonly #slowJobs = new Set<Job>();
  readonly #slowPatterns = new Map<string, number>();

  /** @param engineBytes the memory that the engine of a thread outside the large lane may take, in bytes */
  constructor(engineBytes: number) {
    this.#engineBytes = engineBytes;
  }

  laneOf(job: Job): Lane {
    if (this.#isLarge(job)) return "large";
    if (job.inflates) return "inflate";
    const isSlow = this.#slowStreams.get(job.stream)?.isSlow === true ||
      this.#waitingStreams.has(job.stream) || this.#slowPatterns.has(job.spec.grep);
    return isSlow ? "slow" : "quick";
  }

  /** Puts a job into a lane. */
  enter(job: Job, lane: Lane): void {
    this.leave(job);
    job.lane = lane;
    if (lane !== "slow" || !job.isSearch || this.#waitingStreams.has(job.stream)) return;
    this.#slowJobs.add(job);
    this.#count(job.spec.grep, 1);
  }

  /** The job is over, or moves to another lane. */
  leave(job: Job): void {
    if (this.#slowJobs.delete(job)) this.#count(job.spec.grep, -1);
  }

  /** The stream delayed others by computing. */
  markSlow(stream: object): void {
    const before = this.#slowStreams.get(stream);
    const needed = before === undefined
      ? FIRST_FAST_PIECES
      : Math.min(before.isSlow ? before.needed : before.needed * 2, MAX_FAST_PIECES);
    this.#slowStreams.set(stream, { isSlow: true, fast: 0, needed });
  }

  /** The stream delays others by waiting: it is set aside until that job is done. */
  markWaiting(stream: object): void {
    this.#waitingStreams.add(stream);
  }

  /** The stream's pattern needs more memory than every engine gets. */
  markLarge(stream: object): void {
    this.#largeStreams.set(stream, true);
  }

  /** A job of the stream is done. True: the stream leaves the slow lane as a result. */
  completed(job: Job, isFast: boolean): boolean {
    const hasWaited = this.#waitingStreams.delete(job.stream);
    const slow = this.#slowStreams.get(job.stream);
    if (slow?.isSlow !== true) return hasWaited;
    // A check shows how long a pattern takes to compile, not how long it takes to search.
    if (job.piece !== null) slow.fast = isFast ? slow.fast + 1 : 0;
    if (slow.fast >= slow.needed) slow.isSlow = false;
    return !slow.isSlow;
  }

  #isLarge({ stream, spec }: Job): boolean {
    let isLarge = this.#largeStreams.get(stream);
    if (isLarge === undefined) {
      isLarge = spec.grep !== "" && estimateEngineBytes(spec.grep) > this.#engineBytes;
      this.#largeStreams.set(stream, isLarge);
    }
    return isLarge;
  }

  #count(grep: string, change: 1 | -1): void {
    const count = (this.#slowPatterns.get(grep) ?? 0) + change;
    if (count > 0) this.#slowPatterns.set(grep, count);
    else this.#slowPatterns.delete(grep);
  }
}
