import { setImmediate } from "node:timers";
import { Failure } from "../failure/failure.ts";
import {
  type ExaminedBeginning,
  type ExaminedPart,
  type ExaminedText,
  examineInflated,
} from "../files/examined_text.ts";
import type { FileIdentity } from "../files/log_file.ts";
import { type Clock, systemClock } from "../platform/clock.ts";
import { TaskTurns } from "../platform/task_turns.ts";
import type { ScanSpec } from "../scan/scan.ts";
import type { LocateTask } from "./job.ts";
import { locateWindow } from "./locate_window.ts";
import type { Bounds } from "./messages.ts";
import { InflatedFiles } from "./open_files.ts";
import { newScratch, type Piece, type PieceResult, Scanners, scanPiece } from "./piece.ts";

/** Roughly how long small pieces together block the event loop at a time, in milliseconds. */
const MAX_SMALL_MS = 8;
/** Roughly how long other work blocks it at a time, in milliseconds. */
const MAX_SLICE_MS = 10;

/**
 * The pool's work that is done in the calling thread: small pieces, and everything if the pool has no workers. Owns
 * that thread's scanners, scratch memory and inflated files; the pool alone calls it.
 */
export class CallingThread {
  readonly #sliceMs: number;
  readonly #leavesLongLines: boolean;
  readonly #scanners = new Scanners();
  readonly #inflated = new InflatedFiles();
  readonly #turns: TaskTurns;
  /** Inlined pieces are also read into this memory. */
  readonly scratch = newScratch();

  /** `leavesLongLines`: there are workers, which read long lines. */
  constructor(
    options: {
      readonly sliceMs: number;
      readonly leavesLongLines: boolean;
      /** For tests. */
      readonly clock?: Clock;
    },
  ) {
    this.#turns = new TaskTurns(options.clock ?? systemClock, {
      turnMs: MAX_SMALL_MS,
      isEager: true,
    });
    this.#sliceMs = Math.min(options.sliceMs, MAX_SLICE_MS);
    this.#leavesLongLines = options.leavesLongLines;
  }

  /** Throws a Failure if the pattern is invalid, and the signal's reason if it has fired. */
  async check(spec: ScanSpec, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    await this.#scanners.get(spec);
  }

  /** Scans a piece, a small one in this turn of the event loop if it has time left. Throws the signal's reason if it has fired. */
  async scan(
    piece: Piece,
    { isSmall, signal }: { readonly isSmall: boolean; readonly signal: AbortSignal },
  ): Promise<PieceResult> {
    signal.throwIfAborted();
    const scanner = await this.#scanners.get(piece.spec);
    if (!isSmall) {
      await turnOfEventLoop();
      signal.throwIfAborted();
    }
    const limits = { sliceMs: this.#sliceMs, inline: this.#leavesLongLines };
    // Small pieces of many streams must not add up in one turn.
    return await this.#turns.call(() => {
      signal.throwIfAborted();
      return scanPiece(piece, piece.source, scanner, this.scratch, limits);
    });
  }

  /** Null: its time was up; a repeated call continues. */
  async locate(task: LocateTask, signal: AbortSignal): Promise<Bounds | null> {
    await turnOfEventLoop();
    signal.throwIfAborted();
    if (task.source.prepare?.(Infinity, this.#pauses(signal)) === false) return null;
    let isOver = this.#pauses(signal);
    return await locateWindow(task.source, task, () => {
      if (!isOver()) return null;
      return turnOfEventLoop().then(() => {
        signal.throwIfAborted();
        isOver = this.#pauses(signal);
      });
    });
  }

  /**
   * Null: its time was up; a repeated call continues. Throws the signal's reason if it has fired, and Failure not-found
   * if the file is no longer at its path.
   */
  async examine(
    compressed: FileIdentity,
    part: ExaminedPart,
    signal: AbortSignal,
  ): Promise<ExaminedText | ExaminedBeginning | null> {
    await turnOfEventLoop();
    signal.throwIfAborted();
    const bytes = this.#inflated.get(compressed);
    if (bytes === null) {
      const { path } = compressed;
      throw new Failure("not-found", `failed to access log file ${path}: it was removed meanwhile`);
    }
    return examineInflated(bytes, part, this.#pauses(signal));
  }

  #pauses(signal: AbortSignal): () => boolean {
    const end = performance.now() + this.#sliceMs;
    return () => performance.now() >= end || signal.aborted;
  }

  /** Closes the files. */
  close(): void {
    this.#inflated.close();
  }
}

function turnOfEventLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
