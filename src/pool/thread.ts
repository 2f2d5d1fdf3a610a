import type { Init, Message, Request, ResponseMessage } from "./messages.ts";
import { REQUEST_FLAGS, SharedFlags } from "./shared_flags.ts";

/**
 * Where a thread's jobs come from. "quick": all jobs, until found slow. "slow": patterns that delayed others. "large":
 * patterns that need more memory than other threads' regex engines may take. "inflate": compressed files, whose
 * inflated text is held by one thread.
 */
export type Lane = "quick" | "slow" | "large" | "inflate";

type Unnumbered<R> = R extends Request ? Omit<R, "id"> : never;
export type UnnumberedRequest = Unnumbered<Request>;

/** The events of a thread. */
export interface ThreadEvents {
  /** It has started: the time of its first job counts from now. */
  ready(): void;
  responded(response: ResponseMessage): void;
  died(why: string): void;
}

/** A request that the worker has not answered yet. */
interface Assignment<J> {
  readonly id: number;
  /** Null: the response is no longer needed. */
  job: J | null;
}

/**
 * Maximum number of revoked requests that the worker has not passed yet: at the limit, no job is queued behind another.
 */
const MAX_OUTSTANDING = REQUEST_FLAGS / 2;

/** For how many grace periods a worker may wait with a stopped job before it counts as stuck. */
const MAX_WAITS = 40;

/**
 * A worker and its assignments: one job, and at most one queued behind it, so that the worker does not wait for the
 * pool between two jobs. Owned by the scheduler, which alone calls it.
 */
export class Thread<J> {
  lane: Lane;
  readonly #worker: Worker;
  readonly #flags = new SharedFlags();
  /** The stop flag of its regex engine, once that is loaded. */
  #stopFlag: Int32Array | null = null;
  #isReady = false;
  #since = performance.now();
  readonly #assigned: Assignment<J>[] = [];
  #lastId = 0;
  #graceTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(
    worker: Worker,
    options: { readonly lane: Lane; readonly engineBytes: number; readonly events: ThreadEvents },
  ) {
    const { lane, engineBytes, events } = options;
    this.lane = lane;
    this.#worker = worker;
    worker.onmessage = ({ data }: MessageEvent<Message>) => {
      if (data.kind === "ready") {
        this.#isReady = true;
        this.#since = performance.now();
        events.ready();
      } else if (data.kind === "stop-flag") this.#stopFlag = new Int32Array(data.stopFlag);
      else if (data.id === this.#assigned[0]?.id) events.responded(data);
    };
    worker.onerror = (event) => {
      event.preventDefault(); // Otherwise the error would also be thrown here.
      events.died(event.message);
    };
    worker.onmessageerror = () => events.died("a message could not be read");
    const init: Init = { kind: "init", sharedFlags: this.#flags.buffer, engineBytes };
    worker.postMessage(init);
  }

  /** Its current job; null also if its answer is pending but no longer needed. */
  get job(): J | null {
    return this.#assigned[0]?.job ?? null;
  }

  /** The job that it will do next. */
  get queuedJob(): J | null {
    return this.#assigned[1]?.job ?? null;
  }

  /** Whether it has an unanswered request. */
  get isBusy(): boolean {
    return this.#assigned.length > 0;
  }

  /** Whether a job may be queued behind the current one. */
  get canQueue(): boolean {
    return this.#isReady && this.#assigned.length === 1 && this.job !== null &&
      this.#flags.outstanding(this.#lastId) < MAX_OUTSTANDING;
  }

  /**
   * When its job, or its time without one, began, milliseconds of performance.now; Infinity while the worker starts.
   */
  get since(): number {
    return this.#isReady ? this.#since : Infinity;
  }

  /** Whether it is still working on its job, according to the worker itself. Its answer may be on the way. */
  get isWorking(): boolean {
    return this.isBusy && !this.#flags.isFinished(this.#assigned[0]!.id);
  }

  /** How long it has computed for its current job, in milliseconds. Waiting for a disk is not computing. */
  get computedMs(): number {
    return this.isWorking ? this.#flags.computedMs : 0;
  }

  /** Memory of its regex engine, bytes. */
  get engineBytes(): number {
    return this.#flags.engineBytes;
  }

  /** Gives it a job: to do now, or, if canQueue allows it, after the current one. */
  assign(job: J, request: UnnumberedRequest, transfer: Transferable[] = []): void {
    const id = this.#lastId = (this.#lastId + 1) | 0;
    this.#flags.queue(id);
    if (!this.isBusy) this.#since = performance.now();
    this.#assigned.push({ id, job });
    this.#worker.postMessage({ ...request, id }, transfer);
  }

  /** It has answered, or is gone: returns the job, unless it was abandoned. */
  complete(): J | null {
    const assignment = this.#assigned.shift();
    this.#since = performance.now();
    clearTimeout(this.#graceTimer);
    if (this.#stopFlag !== null) Atomics.store(this.#stopFlag, 0, 0);
    return assignment?.job ?? null;
  }

  /** Takes back the queued job; null if there is none, or if it has already begun. */
  revokeQueued(): J | null {
    const queued = this.#assigned[1];
    if (queued === undefined || !this.#flags.revoke(queued.id)) return null;
    this.#assigned.length = 1;
    return queued.job;
  }

  /** Abandons its job; the response will be ignored. */
  abandon(): void {
    if (this.isBusy) this.#assigned[0]!.job = null;
  }

  /**
   * Tells the worker to stop. It stops between two blocks of its piece, and does not begin a queued job. If it still
   * computes after the grace period (milliseconds), its regex engine is ended, which takes no time. Calls back if even
   * that has not helped after the second grace period, or if the worker waits (for a disk, or for a module to load) for
   * much longer.
   */
  stop(grace: number, secondGrace: number, onStuck: () => void): void {
    const assignment = this.#assigned[0];
    if (assignment === undefined || !this.#flags.stop(assignment.id)) return;
    let waits = 0;
    const look = () => {
      if (!this.isWorking) return;
      if (!this.#flags.isComputing && waits++ < MAX_WAITS) {
        this.#graceTimer = setTimeout(look, secondGrace);
        return;
      }
      if (this.#stopFlag !== null) Atomics.store(this.#stopFlag, 0, 1);
      this.#graceTimer = setTimeout(onStuck, secondGrace);
    };
    clearTimeout(this.#graceTimer);
    this.#graceTimer = setTimeout(look, grace);
  }

  end(): void {
    clearTimeout(this.#graceTimer);
    this.#worker.onmessage = this.#worker.onerror = this.#worker.onmessageerror = null;
    // Terminating a worker does not end its computation.
    if (this.#stopFlag !== null) Atomics.store(this.#stopFlag, 0, 1);
    this.#worker.terminate();
  }
}
