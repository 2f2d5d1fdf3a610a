import { Failure } from "../failure/failure.ts";
import type { ExaminedBeginning, ExaminedText, TextRange } from "../files/examined_text.ts";
import type { Fingerprint } from "../files/fingerprint.ts";
import type { LogFormat, ScanSpec } from "../scan/scan.ts";
import type { Report } from "../telemetry/events.ts";
import { CallingThread } from "./calling_thread.ts";
import { ENGINE_MEMORY, shareEngineMemory } from "./engine_memory.ts";
import { isInlinedPiece, isSmallPiece } from "./inlined_piece.ts";
import { type ExamineTask, Job, type JobResult, type LocateTask } from "./job.ts";
import { endJob, requestFor } from "./job_messages.ts";
import type { Bounds } from "./messages.ts";
import type { Piece, PieceResult, PieceResume } from "./piece.ts";
import { type PoolTimes, TIMES } from "./pool_times.ts";
import { Scheduler } from "./scheduler.ts";
import { SearchTurns } from "./search_turns.ts";
import { SharedScans, type StartScan } from "./shared_scans.ts";
import { startWorker } from "./start_worker.ts";

export { isSmallPiece };
export type { Bounds, LocateTask, Piece, PieceResult, PieceResume, PoolTimes };

export interface ScanPoolOptions {
  /** The number of threads; "auto": one per core, at most 4; 0: none, the calling thread scans. */
  readonly workers: number | "auto";
  readonly report: Report;
  /**
   * Real paths of the folders that workers may read, called whenever one starts. By default they may read what the
   * process may.
   */
  readonly readRoots?: () => readonly string[];
  /** How many searches of one user run at once; the others wait for their turn. */
  readonly searchesPerUser?: number;
  /** The memory that all regex engines together may take, in bytes. */
  readonly engineMemory?: number;
  /** For tests. */
  readonly times?: Partial<PoolTimes>;
  readonly startWorker?: () => Worker;
}

/** On whose behalf a piece is scanned or a pattern checked. */
export interface Caller {
  /** The stream of the piece: the streams of a user take turns. */
  readonly stream: object;
  /** The user of the stream: users take turns. All callers without a user count as one. */
  readonly user?: string;
}

/** Null: its time was up. */
type Examined = ExaminedText | ExaminedBeginning | null;

/** What to do: scan a piece, locate a window, or check the pattern. */
interface Work {
  readonly piece?: Piece | null;
  readonly locate?: LocateTask | null;
  readonly examine?: ExamineTask | null;
  readonly spec: ScanSpec;
}

const MAX_WORKERS = 4;
/** Maximum number of threads for slow jobs, in addition to the pool's: half as many. */
const MAX_SLOW_WORKERS = 2;
const SEARCHES_PER_USER = 8;

/**
 * Scans pieces of logs and checks patterns in a fixed number of threads, fairly and in bounded memory. Owned by the
 * program, which closes it; anyone with a piece or a pattern may call it.
 */
export class ScanPool {
  readonly #times: PoolTimes;
  readonly #hasWorkers: boolean;
  readonly #scheduler: Scheduler;
  readonly #searches: SearchTurns<Job>;
  readonly #shared = new SharedScans();
  readonly #abortListeners = new Map<Job, () => void>();
  readonly #callingThread: CallingThread;
  #closed = false;

  constructor(options: ScanPoolOptions) {
    const size = options.workers === "auto"
      ? Math.min(navigator.hardwareConcurrency, MAX_WORKERS)
      : options.workers;
    const threads = {
      quick: size,
      slow: Math.min(Math.ceil(size / 2), MAX_SLOW_WORKERS),
      large: 1,
      inflate: Math.min(size, 1),
    };
    this.#hasWorkers = size > 0;
    this.#times = { ...TIMES, ...options.times };
    const sliceMs = this.#times.slice;
    this.#callingThread = new CallingThread({ sliceMs, leavesLongLines: this.#hasWorkers });
    this.#searches = new SearchTurns({
      perUser: options.searchesPerUser ?? SEARCHES_PER_USER,
      turnMs: this.#times.turn,
      onWaiting: (count) => options.report({ type: "searches-waiting", count }),
    });
    this.#scheduler = new Scheduler({
      threads,
      engineBytes: shareEngineMemory(options.engineMemory ?? ENGINE_MEMORY, threads),
      times: this.#times,
      report: options.report,
      startWorker: options.startWorker ?? (() => startWorker(options.readRoots)),
      requestFor: (job) => requestFor(job, { sliceMs, scratch: this.#callingThread.scratch }),
      onDone: endJob,
    });
  }

  /**
   * Checks the pattern. Rejects with Failure("invalid-argument", "Invalid grep pattern: …"), or with the signal's
   * reason.
   */
  async check(
    grep: string,
    options: Partial<Caller> & { readonly signal?: AbortSignal } = {},
  ): Promise<void> {
    const spec: ScanSpec = { format: "cri", direction: "forward", grep, maxRecordBytes: 2 ** 21 };
    if (this.#hasWorkers) {
      await this.#run({ spec }, { stream: {}, ...options });
      return;
    }
    await this.#callingThread.check(spec, options.signal);
  }

  /**
   * Scans a piece. Rejects with the signal's reason as soon as it fires, and with a Failure if the pattern is invalid
   * or the piece kills its workers.
   */
  async scan(
    piece: Piece,
    options: Caller & { readonly signal: AbortSignal },
  ): Promise<PieceResult> {
    const isSmall = isSmallPiece(piece);
    if (!this.#hasWorkers || isSmall) {
      return await this.#callingThread.scan(piece, { isSmall, signal: options.signal });
    }
    const { spec } = piece;
    if (spec.grep === "" || isInlinedPiece(piece)) {
      return await this.#run({ piece, spec }, options) as PieceResult;
    }
    const start: StartScan = async (signal, isWanted) =>
      await this.#run({ piece, spec }, { ...options, signal, isWanted }) as PieceResult;
    return await this.#shared.run(nameOf(piece, options.user ?? ""), options.signal, start);
  }

  /**
   * Where the lines of a window are in a compressed log; its end is the end of the last final line at or before the
   * stop. Inflates the whole log once, in slices. Rejects with the signal's reason.
   */
  async locate(
    task: LocateTask,
    options: Caller & { readonly signal: AbortSignal },
  ): Promise<Bounds> {
    const { format } = task;
    const spec: ScanSpec = { format, direction: "forward", grep: "", maxRecordBytes: 2 ** 21 };
    for (;;) {
      const bounds = this.#hasWorkers
        ? await this.#run({ locate: task, spec }, options) as Bounds | null
        : await this.#callingThread.locate(task, options.signal);
      if (bounds !== null) return bounds;
    }
  }

  /**
   * What following needs to know about a compressed log. Inflates the whole log once, in slices. Rejects with the
   * signal's reason, and with Failure not-found if the file is no longer at its path.
   */
  async examine(
    task: ExamineTask & { readonly format: LogFormat; readonly range: TextRange | null },
    options: Caller & { readonly signal: AbortSignal },
  ): Promise<ExaminedText> {
    return await this.#examine(task, options) as ExaminedText;
  }

  /** How the text of a compressed log begins. Inflates no more than necessary, in slices. Rejects as `examine` does. */
  async fingerprint(
    task: Omit<ExamineTask, "range"> & { readonly format: LogFormat },
    options: Caller & { readonly signal: AbortSignal },
  ): Promise<Fingerprint> {
    return (await this.#examine({ ...task, range: "beginning" }, options)).fingerprint;
  }

  async #examine(
    { format, compressed, range }: ExamineTask & { readonly format: LogFormat },
    options: Caller & { readonly signal: AbortSignal },
  ): Promise<ExaminedText | ExaminedBeginning> {
    const spec: ScanSpec = { format, direction: "forward", grep: "", maxRecordBytes: 2 ** 21 };
    for (;;) {
      const examined = this.#hasWorkers
        ? await this.#run({ examine: { compressed, range }, spec }, options) as Examined
        : await this.#callingThread.examine(compressed, range, options.signal);
      if (examined !== null) return examined;
    }
  }

  /** Ends all threads and rejects unfinished jobs. */
  close(): void {
    this.#closed = true;
    this.#callingThread.close();
    const waiting = this.#searches.takeAll();
    this.#scheduler.close(shuttingDown());
    for (const job of waiting) job.fail(shuttingDown());
  }

  #run(
    { piece = null, locate = null, examine = null, spec }: Work,
    { stream, user = "", signal, isWanted }: Caller & {
      readonly signal?: AbortSignal;
      readonly isWanted?: () => boolean;
    },
  ): Promise<JobResult> {
    if (this.#closed) return Promise.reject(shuttingDown());
    if (signal?.aborted) return Promise.reject(signal.reason);
    const isInlined = piece !== null && isInlinedPiece(piece);
    const onSettled = (job: Job) => this.#settled(job);
    const job = new Job({
      stream,
      user,
      piece,
      locate,
      examine,
      spec,
      signal,
      isWanted,
      isInlined,
      onSettled,
    });
    if (signal !== undefined) {
      const listener = () => job.fail(signal.reason);
      this.#abortListeners.set(job, listener);
      signal.addEventListener("abort", listener);
    }
    if (!job.isSearch || this.#searches.begin(job)) this.#scheduler.add([job]);
    return job.result;
  }

  #settled(job: Job): void {
    const listener = this.#abortListeners.get(job);
    if (listener !== undefined) job.signal?.removeEventListener("abort", listener);
    this.#abortListeners.delete(job);
    if (this.#closed || job.isSearch && this.#searches.remove(job)) return;
    this.#scheduler.forget(job);
    if (!job.isSearch) return;
    const next = this.#searches.end(job);
    if (next.length > 0) this.#scheduler.add(next);
  }
}

/** The same for identical scans of one user, and only for those. */
function nameOf({ source, ...piece }: Piece, user: string): string {
  const { path, dev, ino } = source.compressed ?? source;
  return JSON.stringify([user, path, dev, ino, piece]);
}

function shuttingDown(): Failure {
  return new Failure("unavailable", "Server is shutting down");
}
