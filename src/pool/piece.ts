import { LRUCache } from "lru-cache";
import type { FileIdentity } from "../files/log_file.ts";
import { type ByteSource, type ReadBuffer, release } from "../scan/byte_source.ts";
import { linePolicy } from "../scan/line_policy.ts";
import { type LineChunk, type LinePosition, readLines } from "../scan/line_reader.ts";
import type { TimeWindow } from "../scan/time_window.ts";
import { createScanner, type Scanner, type ScanResult, type ScanSpec } from "../scan/scan.ts";

/** The owner's open file. */
export interface PieceSource extends ByteSource {
  readonly path: string;
  /** Null if the bytes are not those of the file at `path` (inflated, or held in memory). */
  readonly dev: number | null;
  readonly ino: number | null;
  /** The file from which its bytes are inflated, if they are. */
  readonly compressed?: FileIdentity | undefined;
}

/** Where a piece is in its source, and how much of it to read at a time. */
export interface PieceRange extends LinePosition {
  /** From the `resume` of an earlier result; 0 otherwise. */
  readonly skip: number;
  /** The scan stops after the record with which the frames reach this size, in bytes. */
  readonly budget: number;
  /** Records with times outside the window are omitted; null: none are. */
  readonly window: TimeWindow | null;
}

/** Where to continue a piece that was not scanned to its end. */
export interface PieceResume {
  /**
   * Forward, [offset, to) is left; backward, [from, offset). It may be beyond the piece if the piece's last line ends
   * there.
   */
  readonly offset: number;
  /** How many records of the first remaining line (in scan order) are done. */
  readonly skip: number;
  /** The long line that is being read. */
  readonly line: LinePosition["line"];
}

/** A part of a log that is scanned as a unit. */
export interface Piece extends PieceRange {
  readonly spec: ScanSpec;
  readonly source: PieceSource;
}

/** The result of scanning a piece. */
export interface PieceResult extends Omit<ScanResult, "resume"> {
  /** Not null: the budget was reached, or the piece's time was up. */
  readonly resume: PieceResume | null;
  /** The lines that were read: offsets in the file, at line boundaries. */
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  /** Seconds of work, excluding waiting for a worker. */
  readonly seconds: number;
  /** The source was shorter than [from, to): it was truncated meanwhile. */
  readonly short: boolean;
}

/** Memory that is reused from piece to piece. */
export interface Scratch extends ReadBuffer {
  /** How much is read and scanned at a time: adapts to the speed of the pattern. */
  blockBytes: number;
}

/** When to stop between two blocks. */
export interface PieceLimits {
  /** Milliseconds after which the rest of the piece is left for later. */
  readonly sliceMs: number;
  /** Called between blocks: whether the result is no longer needed. */
  readonly isStopped?: () => boolean;
  /** The event loop scans: long lines are left to a worker. */
  readonly inline?: boolean;
  /**
   * Does not stop before the first lines, however little time is left: the piece's bytes were inlined, and bytes read
   * before a line began would be inlined again, endlessly.
   */
  readonly reachesLines?: boolean;
}

/** Large enough that a block costs little more than its scan, small enough to fit into a processor's cache. */
const MAX_BLOCK_BYTES = 256 * 1024;
const MIN_BLOCK_BYTES = 64 * 1024;
/** How many times as large the last block of a piece may be. */
const MAX_STRETCH = 1.5;
/** A block that took less time makes the next one larger; one that took more makes it smaller. */
const QUICK_BLOCK_MS = 2;
const LONG_BLOCK_MS = 16;
/** If the memory grew beyond this for an over-long line, it is released after the piece. */
export const MAX_KEPT_BYTES = 2 * 1024 * 1024;

/** Memory for the pieces of one thread; grows as needed. */
export function newScratch(): Scratch {
  return { bytes: new Uint8Array(0), blockBytes: MIN_BLOCK_BYTES };
}

/**
 * Scans the lines of a piece block by block, in the direction of the scanner, until the piece, its budget or its time
 * is used up. The same code runs in place and in a worker.
 */
export function scanPiece(
  piece: PieceRange & { readonly spec: ScanSpec },
  source: ByteSource,
  scanner: Scanner,
  scratch: Scratch,
  limits: PieceLimits,
): PieceResult {
  const began = performance.now();
  const { inline = false } = limits;
  const policy = linePolicy(piece.spec, { inline });
  const accumulated = new PieceAccumulator(piece.budget);
  const maxBytes = piece.spec.grep === "" ? Math.max(MIN_BLOCK_BYTES, piece.budget) : Infinity;
  const forward = piece.spec.direction === "forward";
  if (scanner.memory !== null && scratch.bytes.length <= scanner.memory.length) {
    scratch.bytes = scanner.memory;
  }
  let position: LinePosition | null = piece;
  let { skip } = piece;
  let short = false;
  let mayPause = limits.reachesLines !== true;
  let blockBegan = began;
  while (position !== null && position.from < position.to) {
    if (inline && position.line !== null) break;
    const isPaused = () => performance.now() - began >= limits.sliceMs || !!limits.isStopped?.();
    if (source.prepare?.(firstRead(position, forward), isPaused) === false) break;
    const chunk = readLines(
      source,
      position,
      policy,
      blockSize(position, Math.min(scratch.blockBytes, maxBytes)),
      scratch,
    );
    let resume: ScanResult["resume"] = null;
    if (chunk.length > 0) {
      const options = { budget: accumulated.budgetLeft, skip, window: piece.window };
      const result = scanner.scan(scratch.bytes, 0, chunk.length, options);
      accumulated.add(result);
      resume = result.resume;
      skip = 0;
      mayPause = true;
    }
    accumulated.addChunk(chunk);
    if (resume !== null) {
      skip = resume.skip;
      // For a long line, the same part is read again.
      if (chunk.isPart) break;
      const offset: number = chunk.from + resume.offset;
      position = forward ? { ...position, from: offset } : { ...position, to: offset };
      break;
    }
    position = chunk.next;
    if (chunk.short) {
      short = true;
      break;
    }
    const now = performance.now();
    adaptBlock(scratch, now - blockBegan);
    blockBegan = now;
    const isLate = mayPause && now - began >= limits.sliceMs;
    if (accumulated.budgetLeft <= 0 || isLate || limits.isStopped?.()) break;
  }
  if (scratch.bytes.length > MAX_KEPT_BYTES) release(scratch);
  return {
    ...accumulated.take(piece),
    resume: short ? null : resumeAt(position, piece.spec.direction, skip),
    seconds: (performance.now() - began) / 1000,
    short,
  };
}

/** How much to read next: everything if only a little more is left, because the frames of two blocks must be joined. */
function blockSize({ from, to }: LinePosition, bytes: number): number {
  return to - from <= bytes * MAX_STRETCH ? to - from : bytes;
}

/** Roughly where in the source the next lines of a position are read from. */
function firstRead(position: LinePosition, forward: boolean): number {
  return position.line?.at ?? (forward ? position.from : Math.max(position.from, position.to - 1));
}

/** Where to continue from a position; null: nothing is left. */
export function resumeAt(
  position: LinePosition | null,
  direction: ScanSpec["direction"],
  skip: number,
): PieceResume | null {
  if (position === null || position.from >= position.to) return null;
  const offset = direction === "forward" ? position.from : position.to;
  return { offset, skip, line: position.line };
}

function adaptBlock(scratch: Scratch, milliseconds: number): void {
  if (milliseconds < QUICK_BLOCK_MS) {
    scratch.blockBytes = Math.min(scratch.blockBytes * 2, MAX_BLOCK_BYTES);
  } else if (milliseconds > LONG_BLOCK_MS) {
    scratch.blockBytes = Math.max(Math.floor(scratch.blockBytes / 2), MIN_BLOCK_BYTES);
  }
}

/** Joins the results of a piece's blocks. */
class PieceAccumulator {
  #budget: number;
  #frames: Uint8Array<ArrayBuffer>[] = [];
  #frameBytes = 0;
  #records = 0;
  #malformed = 0;
  #bytes = 0;
  #from = Infinity;
  #to = -Infinity;

  constructor(budget: number) {
    this.#budget = budget;
  }

  get budgetLeft(): number {
    return this.#budget - this.#frameBytes;
  }

  add(result: ScanResult): void {
    if (result.frames.length > 0) this.#frames.push(result.frames);
    this.#frameBytes += result.frames.length;
    this.#records += result.records;
    this.#malformed += result.malformed;
  }

  addChunk(chunk: LineChunk): void {
    this.#malformed += chunk.malformed;
    this.#bytes += chunk.length;
    if (chunk.length === 0 && !chunk.isPart) return;
    this.#from = Math.min(this.#from, chunk.from);
    this.#to = Math.max(this.#to, chunk.to);
  }

  take(piece: { readonly from: number; readonly to: number }) {
    return {
      frames: concatenate(this.#frames, this.#frameBytes),
      records: this.#records,
      malformed: this.#malformed,
      bytes: this.#bytes,
      from: Math.min(this.#from, piece.to),
      to: Math.max(this.#to, piece.from),
    };
  }
}

function concatenate(parts: Uint8Array<ArrayBuffer>[], length: number): Uint8Array<ArrayBuffer> {
  if (parts.length === 1) return parts[0]!;
  const all = new Uint8Array(length);
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
    part.buffer.transfer(0); // Freed at once, without waiting for garbage collection.
  }
  return all;
}

/** How many patterns are kept compiled. */
const MAX_SCANNERS = 4;

/**
 * Scanners by spec: the many pieces of a stream share one. The least recently used ones are dropped. Owned by one
 * thread.
 */
export class Scanners {
  readonly #scanners = new LRUCache<string, Scanner>({ max: MAX_SCANNERS });

  /** Throws Failure("invalid-argument") if the pattern is invalid. */
  async get(spec: ScanSpec): Promise<Scanner> {
    const key = `${spec.format} ${spec.direction} ${spec.maxRecordBytes} ${spec.grep}`;
    const known = this.#scanners.get(key);
    if (known !== undefined) return known;
    const scanner = await createScanner(spec);
    this.#scanners.set(key, scanner);
    return scanner;
  }
}
