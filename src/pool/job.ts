import type { LogFormat, ScanSpec } from "../scan/scan.ts";
import type { InlinedLines } from "./inlined_piece.ts";
import type { ExaminedBeginning, ExaminedPart, ExaminedText } from "../files/examined_text.ts";
import type { FileIdentity } from "../files/log_file.ts";
import type { TimeWindow } from "../scan/time_window.ts";
import type { Bounds } from "./messages.ts";
import type { Piece, PieceResult, PieceSource } from "./piece.ts";
import type { Lane } from "./thread.ts";

/** A window to find in a compressed log. */
export interface LocateTask {
  readonly source: PieceSource;
  readonly compressed: FileIdentity;
  readonly format: LogFormat;
  readonly window: TimeWindow;
}

/** A compressed log to examine. */
export interface ExamineTask {
  readonly compressed: FileIdentity;
  readonly range: ExaminedPart;
}

/** The result of a scan; of locating or examining, null if it must be requested again; of a check, null. */
export type JobResult = PieceResult | Bounds | ExaminedText | ExaminedBeginning | null;

/**
 * One call of the pool's check or scan: what to do, on whose behalf, and its result. Made by the pool; while it waits
 * or runs, only the scheduler changes its state.
 */
export class Job {
  /** Streams take turns. */
  readonly stream: object;
  /** Users take turns, and the streams of each user within the user's turns. */
  readonly user: string;
  /** Null: only the pattern is checked. */
  readonly piece: Piece | null;
  /** Not null: a window is located in a compressed log. */
  readonly locate: LocateTask | null;
  /** Not null: a compressed log is examined. */
  readonly examine: ExamineTask | null;
  readonly spec: ScanSpec;
  readonly signal: AbortSignal | undefined;
  lane: Lane = "quick";
  /** Whether its bytes are read by the owner of the file and sent to the worker. */
  isInlined: boolean;
  /** For an inlined piece: the part that was sent to the worker. */
  inlined: InlinedLines | null = null;
  /** How many workers died of it. */
  deaths = 0;
  readonly #isWanted: () => boolean;
  readonly #onSettled: (job: Job) => void;
  readonly #result = Promise.withResolvers<JobResult>();
  #isSettled = false;

  constructor(options: {
    readonly stream: object;
    readonly user: string;
    readonly piece: Piece | null;
    readonly locate?: LocateTask | null;
    readonly examine?: ExamineTask | null;
    readonly spec: ScanSpec;
    readonly signal: AbortSignal | undefined;
    readonly isInlined: boolean;
    /** For a scan on behalf of several streams: whether one of them still waits for it. */
    readonly isWanted: (() => boolean) | undefined;
    /** Called once, when the job has finished or failed. */
    onSettled(job: Job): void;
  }) {
    this.stream = options.stream;
    this.user = options.user;
    this.piece = options.piece;
    this.locate = options.locate ?? null;
    this.examine = options.examine ?? null;
    this.spec = options.spec;
    this.signal = options.signal;
    this.isInlined = options.isInlined;
    this.#isWanted = options.isWanted ?? (() => true);
    this.#onSettled = options.onSettled;
  }

  get result(): Promise<JobResult> {
    return this.#result.promise;
  }

  /**
   * Whether a compressed file is inflated for it, or a long Docker line held. Only one thread has the memory for that.
   */
  get inflates(): boolean {
    if (this.piece?.line && this.spec.format === "docker") return true;
    return this.locate !== null || this.examine !== null ||
      this.piece?.source.compressed !== undefined;
  }

  /** Whether its owner may read it if no worker can. It would have to inflate a compressed file. */
  get canBeInlined(): boolean {
    return this.piece !== null && this.piece.source.compressed === undefined;
  }

  get isSearch(): boolean {
    return this.spec.grep !== "";
  }

  /** It has its result, or none is needed any more: all jobs of a signal are over as soon as it fires. */
  get isOver(): boolean {
    return this.#isSettled || this.signal?.aborted === true || !this.#isWanted();
  }

  finish(result: JobResult): void {
    if (!this.#settle()) return;
    this.#result.resolve(result);
  }

  fail(error: unknown): void {
    if (!this.#settle()) return;
    this.#result.reject(error);
  }

  #settle(): boolean {
    if (this.#isSettled) return false;
    this.#isSettled = true;
    this.#onSettled(this);
    return true;
  }
}
