import { setImmediate } from "node:timers";
import { Failure } from "../failure/failure.ts";
import { readWholeLines } from "../files/whole_lines.ts";
import type { ScanSpec } from "../scan/scan.ts";
import type { Report } from "../telemetry/events.ts";
import { newScratch, type Piece, type PieceResult, Scanners, scanPiece } from "./piece.ts";
import { type OrderAnswer, startWorker, Thread } from "./thread.ts";
import { WaitingJobs } from "./waiting.ts";

export type { Piece, PieceResult };

export interface ScanPoolOptions {
  /** How many threads; "auto": one for each core, at most 4; 0: none, the calling thread scans. */
  readonly workers: number | "auto";
  readonly report: Report;
  /** Real paths of the folders that workers may read, asked at each start of one. Without it they may what the process may. */
  readonly readRoots?: () => readonly string[];
  /** For tests. */
  readonly times?: Partial<PoolTimes>;
  readonly startWorker?: () => Worker;
}

/** All in milliseconds. */
export interface PoolTimes {
  /** A job leaves the rest of its piece for another turn after so long. */
  readonly slice: number;
  /** A job that takes longer, while others wait, is slow. */
  readonly slow: number;
  /** A worker that has not left a stopped job by then is ended and replaced. With `slice` below it, few are. */
  readonly grace: number;
  /** Workers without work for so long end. */
  readonly idle: number;
}

const TIMES: PoolTimes = { slice: 40, slow: 250, grace: 50, idle: 60_000 };

const MAX_WORKERS = 4;
/** Most threads beside the pool's, for what was found slow: half as many. */
const MAX_SLOW_WORKERS = 2;
/** Less than this is scanned at once in place where nothing is searched, and read by the owner otherwise. */
const SMALL_PIECE_BYTES = 64 * 1024;
/** What the owner reads at a time for a worker that cannot. */
const MAX_CARRIED_BYTES = 1024 * 1024;
/** A worker can die of the piece that it scans. */
const MAX_DEATHS = 2;

/** Quick until found slow. */
type Lane = "quick" | "slow";

/** One call of check or scan that has not been answered yet. */
interface Job {
  readonly stream: object;
  readonly piece: Piece | null;
  readonly spec: ScanSpec;
  lane: Lane;
  /** Are its bytes read here and carried to the worker? */
  carried: boolean;
  /** Of a carried piece: what is true of it whatever the worker finds in the bytes. */
  carriedFacts: Partial<PieceResult>;
  deaths: number;
  /** It has its result, or nobody wants one any more. */
  over: boolean;
  finish(result: PieceResult | null): void;
  fail(error: unknown): void;
}

/**
 * Scans in a fixed number of threads, fairly: streams take turns, a piece at a time.
 *
 * No pattern holds others up: a job that is found slow while others wait moves with its thread into
 * the slow lane, and a new thread takes its place. There its stream stays, and as long as its
 * pattern is at work there, others with that pattern go there, too. The slow lane has few threads, for
 * which slow streams take turns (a job that comes when all are busy is stopped and waits for one), so
 * everybody else waits for a slow pattern once, for a quarter of a second.
 */
export class ScanPool {
  readonly #size: number;
  readonly #slowSize: number;
  readonly #report: Report;
  readonly #times: PoolTimes;
  readonly #startWorker: () => Worker;
  readonly #threads = new Set<Thread<Job>>();
  readonly #waiting: Record<Lane, WaitingJobs<Job>> = {
    quick: new WaitingJobs(),
    slow: new WaitingJobs(),
  };
  readonly #slowStreams = new WeakSet<object>();
  /** Jobs in the slow lane by their patterns. */
  readonly #slowPatterns = new Map<string, number>();
  readonly #here = { scanners: new Scanners(), scratch: newScratch() };
  #overtimeTimer: ReturnType<typeof setTimeout> | undefined;
  #idleTimer: ReturnType<typeof setTimeout> | undefined;
  #closed = false;

  constructor(options: ScanPoolOptions) {
    this.#size = options.workers === "auto"
      ? Math.min(navigator.hardwareConcurrency, MAX_WORKERS)
      : options.workers;
    this.#slowSize = Math.min(Math.ceil(this.#size / 2), MAX_SLOW_WORKERS);
    this.#report = options.report;
    this.#times = { ...TIMES, ...options.times };
    this.#startWorker = options.startWorker ?? (() => startWorker(options.readRoots));
  }

  /**
   * Is the pattern valid? Rejects with Failure("invalid-argument", "Invalid grep pattern: …"), or
   * with the signal's reason.
   *
   * @param stream whose pieces will be scanned for it
   */
  async check(
    grep: string,
    options: { readonly stream?: object; readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const spec: ScanSpec = { format: "cri", direction: "forward", grep, maxRecordBytes: 2 ** 21 };
    if (this.#size === 0) {
      options.signal?.throwIfAborted();
      await this.#here.scanners.get(spec);
      return;
    }
    await this.#enqueue(null, spec, options.stream ?? {}, options.signal);
  }

  /**
   * Scans a piece. Rejects with the signal's reason as soon as it fires, and with a Failure where
   * the pattern is not valid or the piece kills its workers.
   *
   * @param options.stream whose piece it is: streams take turns
   */
  async scan(
    piece: Piece,
    options: { readonly stream: object; readonly signal: AbortSignal },
  ): Promise<PieceResult> {
    const { stream, signal } = options;
    const isSmall = piece.to - piece.from <= SMALL_PIECE_BYTES && piece.spec.grep === "";
    if (this.#size > 0 && !isSmall) {
      return (await this.#enqueue(piece, piece.spec, stream, signal))!;
    }
    signal.throwIfAborted();
    const { scanners, scratch } = this.#here;
    const scanner = await scanners.get(piece.spec);
    if (!isSmall) {
      await turnOfEventLoop();
      signal.throwIfAborted();
    }
    return scanPiece(piece, piece.source, scanner, scratch, { sliceMs: this.#times.slice });
  }

  /** Ends all threads and rejects what is not done. */
  close(): void {
    this.#closed = true;
    clearTimeout(this.#overtimeTimer);
    clearTimeout(this.#idleTimer);
    const closed = new Failure("unavailable", "Server is shutting down");
    for (const thread of [...this.#threads]) {
      thread.job?.fail(closed);
      thread.nextJob?.fail(closed);
      this.#remove(thread);
    }
    for (const lane of ["quick", "slow"] as const) {
      for (let job = this.#waiting[lane].take(); job; job = this.#waiting[lane].take()) {
        job.fail(closed);
      }
    }
  }

  #enqueue(
    piece: Piece | null,
    spec: ScanSpec,
    stream: object,
    signal: AbortSignal | undefined,
  ): Promise<PieceResult | null> {
    const { promise, resolve, reject } = Promise.withResolvers<PieceResult | null>();
    const onAbort = () => {
      job.fail(signal!.reason);
      this.#drop(job);
    };
    const settle = () => {
      job.over = true;
      if (job.lane === "slow") this.#countSlow(spec.grep, -1);
      signal?.removeEventListener("abort", onAbort);
    };
    const job: Job = {
      stream,
      piece,
      spec,
      lane: "quick",
      // An appended line or two: reading it here costs less than opening its file there.
      carried: piece !== null &&
        (piece.source.dev < 0 || piece.to - piece.from <= SMALL_PIECE_BYTES),
      carriedFacts: {},
      deaths: 0,
      over: false,
      finish(result) {
        settle();
        resolve(result);
      },
      fail(error) {
        settle();
        reject(error);
      },
    };
    if (this.#closed) job.fail(new Failure("unavailable", "Server is shutting down"));
    else if (signal?.aborted) job.fail(signal.reason);
    else {
      signal?.addEventListener("abort", onAbort);
      if (this.#slowStreams.has(stream) || this.#slowPatterns.has(spec.grep)) this.#markSlow(job);
      this.#waiting[job.lane].add(job);
      this.#dispatch();
    }
    return promise;
  }

  #markSlow(job: Job): void {
    job.lane = "slow";
    this.#countSlow(job.spec.grep, 1);
  }

  #countSlow(grep: string, change: 1 | -1): void {
    if (grep === "") return; // It is the disk that is slow.
    const count = (this.#slowPatterns.get(grep) ?? 0) + change;
    if (count > 0) this.#slowPatterns.set(grep, count);
    else this.#slowPatterns.delete(grep);
  }

  /** Nobody wants the job any more: it is forgotten, or its thread told to stop. */
  #drop(job: Job): void {
    for (const thread of this.#threads) {
      if (thread.job === job) this.#stop(thread);
      else if (thread.nextJob === job) thread.takeBack();
      else continue;
      return this.#dispatch();
    }
    this.#waiting[job.lane].remove(job);
  }

  /** Gives waiting jobs to free threads, starting threads up to the lane's number. */
  #dispatch(): void {
    for (const lane of ["quick", "slow"] as const) {
      const waiting = this.#waiting[lane];
      while (waiting.size > 0) {
        const thread = this.#freeThread(lane) ?? (lane === "quick" ? this.#threadWithRoom() : null);
        if (thread === null) break;
        this.#give(thread, waiting.take()!);
      }
    }
    this.#watchOvertime();
    this.#watchIdleness();
  }

  #freeThread(lane: Lane): Thread<Job> | null {
    const threads = [...this.#threads].filter((thread) => thread.lane === lane);
    // The thread that worked last has the file open, the pattern compiled; others may come to end.
    const free = threads.filter((thread) => !thread.isBusy)
      .sort((a, b) => b.since - a.since)[0];
    if (free !== undefined) return free;
    const limit = lane === "quick" ? this.#size : this.#slowSize;
    return threads.length < limit ? this.#start(lane) : null;
  }

  /** The thread that has been at its job for longest, if one may be given another to do after it. */
  #threadWithRoom(): Thread<Job> | null {
    return [...this.#threads]
      .filter((thread) => thread.lane === "quick" && thread.hasRoomBehind && !thread.job?.over)
      .sort((a, b) => a.since - b.since)[0] ?? null;
  }

  #start(lane: Lane): Thread<Job> {
    const thread: Thread<Job> = new Thread<Job>(this.#startWorker(), lane, {
      ready: () => this.#dispatch(),
      answered: (answer) => this.#answered(thread, answer),
      died: (why) => this.#died(thread, why),
    });
    this.#threads.add(thread);
    this.#reportCount();
    return thread;
  }

  #remove(thread: Thread<Job>): void {
    thread.end();
    this.#threads.delete(thread);
    this.#reportCount();
  }

  #reportCount(): void {
    this.#report({ type: "workers", count: this.#threads.size });
  }

  #give(thread: Thread<Job>, job: Job): void {
    if (job.piece === null) {
      thread.take(job, { kind: "check", spec: job.spec });
      return;
    }
    const { source, from, to, end, first, skip, budget, spec } = job.piece;
    if (!job.carried) {
      const { path, dev, ino } = source;
      const range = { from, to, end, first, skip, budget, spec };
      const sliceMs = this.#times.slice;
      thread.take(job, { kind: "scan", piece: range, source: { path, dev, ino }, sliceMs });
      return;
    }
    try {
      this.#giveBytes(thread, job, job.piece);
    } catch (error) {
      job.fail(error);
    }
  }

  /** Reads the piece, or as much of it as is carried at a time, from the owner's file. */
  #giveBytes(thread: Thread<Job>, job: Job, piece: Piece): void {
    const { source, end, first, skip, budget, spec } = piece;
    const part = firstPart(piece);
    const { scratch } = this.#here;
    const lines = readWholeLines(source, { from: part.from, to: part.to, end, first }, scratch);
    job.carriedFacts = { short: lines.short };
    if (part.rest !== null && !lines.short) {
      job.carriedFacts = { short: false, resume: { offset: part.rest, skip: 0 } };
    }
    const bytes = new Uint8Array(scratch.bytes.subarray(0, lines.length));
    const { from, to } = lines;
    thread.take(job, {
      kind: "scan",
      piece: { from, to, end: to, first: from, skip, budget, spec },
      source: { bytes, offset: from },
      sliceMs: this.#times.slice,
    }, [bytes.buffer]);
  }

  #answered(thread: Thread<Job>, answer: OrderAnswer): void {
    const job = thread.free();
    if (answer.kind === "broken") {
      // It was stopped where nobody wants the job any more; otherwise it ran out of memory. Only a new
      // worker has little memory: WebAssembly's never shrinks.
      this.#replace(thread, job === null || job.over ? "stuck" : "died", job);
    } else if (job !== null && !job.over) {
      if (answer.kind === "scanned") {
        const { result } = answer;
        const { short = result.short, resume = null } = job.carriedFacts;
        job.finish({ ...result, short, resume: result.resume ?? resume });
      } else if (answer.kind === "checked") job.finish(null);
      else if (answer.kind === "failed") job.fail(new Failure(answer.failure, answer.message));
      else {
        job.carried = true;
        this.#waiting[job.lane].putBack(job);
      }
    }
    this.#dispatch();
  }

  #died(thread: Thread<Job>, why: string): void {
    const job = thread.free();
    this.#report({ type: "notice", level: "error", text: "a scan worker died", fields: { why } });
    this.#replace(thread, "died", job);
    this.#dispatch();
  }

  /** A new one starts when a job needs it. The job is the one that it was at. */
  #replace(thread: Thread<Job>, reason: "died" | "stuck", job: Job | null): void {
    this.#report({ type: "worker-replaced", reason });
    this.#remove(thread);
    const next = thread.free(); // What it was to do after that.
    if (next !== null && !next.over) this.#waiting[next.lane].putBack(next);
    this.#again(job);
  }

  /** A worker died of the job: it is done again, once. */
  #again(job: Job | null): void {
    if (job === null || job.over) return;
    job.deaths++;
    if (job.deaths < MAX_DEATHS) this.#waiting[job.lane].putBack(job);
    else job.fail(new Failure("internal", "cannot scan the log: two workers died of it"));
  }

  /** Tells a thread to leave its job; one that has not within the grace is ended and replaced. */
  #stop(thread: Thread<Job>, { grace = this.#times.grace } = {}): void {
    this.#takeBack(thread);
    thread.stop(grace, this.#times.grace / 2, () => {
      thread.free();
      this.#replace(thread, "stuck", null);
      this.#dispatch();
    });
  }

  #takeBack(thread: Thread<Job>): void {
    const next = thread.takeBack();
    if (next !== null && !next.over) this.#waiting[next.lane].putBack(next);
  }

  /** While jobs wait, looks after those that hold them up. */
  #watchOvertime(): void {
    clearTimeout(this.#overtimeTimer);
    const waiting = this.#waiting.quick;
    const now = performance.now();
    let next = Infinity;
    for (const thread of [...this.#threads]) {
      const { job, nextJob } = thread;
      if (thread.lane === "slow" || job === null || job.over || !thread.isComputing) continue;
      const holdsUp = nextJob !== null && nextJob.stream !== job.stream;
      if (!holdsUp && !waiting.hasOtherThan(job.stream)) continue;
      const left = thread.since + this.#times.slow - now;
      if (left > 0) next = Math.min(next, left);
      else return this.#toSlowLane(thread, job);
    }
    if (next < Infinity) {
      this.#overtimeTimer = setTimeout(() => this.#dispatch(), Math.ceil(next));
    }
  }

  #toSlowLane(thread: Thread<Job>, job: Job): void {
    const { quick, slow } = this.#waiting;
    this.#takeBack(thread);
    this.#slowStreams.add(job.stream);
    this.#markSlow(job);
    const { grep } = job.spec;
    const isSlow = (other: Job) =>
      other.stream === job.stream || (grep !== "" && other.spec.grep === grep);
    for (const other of quick.takeAll(isSlow)) {
      this.#markSlow(other);
      slow.add(other);
    }
    const slowThreads = [...this.#threads].filter((thread) => thread.lane === "slow");
    const free = slowThreads.find((thread) => !thread.isBusy);
    if (slowThreads.length < this.#slowSize) thread.lane = "slow";
    else if (free !== undefined) {
      this.#remove(free);
      thread.lane = "slow";
    } else {
      thread.leave();
      slow.putBack(job);
      this.#stop(thread, { grace: 0 });
    }
    this.#dispatch();
  }

  #watchIdleness(): void {
    clearTimeout(this.#idleTimer);
    const now = performance.now();
    let next = Infinity;
    for (const thread of [...this.#threads]) {
      if (thread.isBusy) continue;
      const left = thread.since + this.#times.idle - now;
      if (left <= 0) this.#remove(thread);
      else next = Math.min(next, left);
    }
    if (next < Infinity) {
      this.#idleTimer = setTimeout(() => this.#watchIdleness(), Math.ceil(next));
    }
  }
}

/** As much of a piece as is carried to a worker at a time, and where the rest begins (forward) or ends. */
function firstPart(piece: Piece): { from: number; to: number; rest: number | null } {
  const { from, to } = piece;
  if (to - from <= MAX_CARRIED_BYTES) return { from, to, rest: null };
  return piece.spec.direction === "forward"
    ? { from, to: from + MAX_CARRIED_BYTES, rest: from + MAX_CARRIED_BYTES }
    : { from: to - MAX_CARRIED_BYTES, to, rest: to - MAX_CARRIED_BYTES };
}

function turnOfEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
