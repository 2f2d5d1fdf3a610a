import { readWholeLines } from "../files/whole_lines.ts";
import type { LineBuffer } from "../files/whole_lines.ts";
import { createScanner, type Scanner, type ScanResult, type ScanSpec } from "../scan/scan.ts";
import type { ByteSource } from "../scan/time_window.ts";

/** The owner's open file. */
export interface PieceSource extends ByteSource {
  readonly path: string;
  /** Negative where the bytes are not those of the file at `path` (inflated, or held in memory). */
  readonly dev: number;
  readonly ino: number;
}

/** Where a piece lies in its source; all but skip and budget are offsets in bytes. */
export interface PieceRange {
  /** The lines that begin in [from, to) are the piece. */
  readonly from: number;
  readonly to: number;
  /** Nothing is read beyond it. */
  readonly end: number;
  /** Where the whole range of which this is a piece begins: a line begins there. */
  readonly first: number;
  /** From a former result's `resume`; 0 otherwise. */
  readonly skip: number;
  /** The scan stops after the record with which the frames reach so many bytes. */
  readonly budget: number;
}

/** A part of a log that is scanned in one go. */
export interface Piece extends PieceRange {
  readonly spec: ScanSpec;
  readonly source: PieceSource;
}

/**
 * What a piece gave. Where `resume` is not null its offset is one in the file, and what is left of the piece is
 * [offset, to) forward, [from, offset) backward: the budget was reached, or the piece's time was up. (Backward the
 * offset lies beyond the piece's own `to` where the piece's last line ends there and is partly done.)
 */
export interface PieceResult extends ScanResult {
  /** The lines that were looked at: offsets in the file, at line boundaries. */
  readonly from: number;
  readonly to: number;
  readonly bytes: number;
  /** Of work, without waiting for a worker. */
  readonly seconds: number;
  /** The source held less than [from, to) promised: it was truncated meanwhile. */
  readonly short: boolean;
}

/** Memory that is used for piece after piece. */
export interface Scratch extends LineBuffer {
  /** How much is read and scanned at a time: adapts to the speed of the pattern. */
  blockBytes: number;
}

/** When to leave off between two blocks. */
export interface PieceLimits {
  /** Milliseconds after which the rest of the piece is left for another time. */
  readonly sliceMs: number;
  /** Asked between blocks: has nobody any use for the result? */
  readonly isStopped?: () => boolean;
}

/** Large enough that a block costs little besides its scan, small enough to lie in a processor's cache. */
const MAX_BLOCK_BYTES = 256 * 1024;
const MIN_BLOCK_BYTES = 64 * 1024;
/** A block that took less time makes the next one larger; one that took more makes it smaller. */
const QUICK_BLOCK_MS = 2;
const LONG_BLOCK_MS = 16;
/** Memory that an over-long line made grow further is given back after the piece. */
const MAX_KEPT_BYTES = 2 * 1024 * 1024;

export function newScratch(): Scratch {
  return { bytes: new Uint8Array(0), blockBytes: MIN_BLOCK_BYTES };
}

/**
 * Scans the lines of a piece block by block, in the direction of the scanner, until the piece, its
 * budget or its time is used up. The same code runs in place and in a worker.
 */
export function scanPiece(
  piece: PieceRange & { readonly spec: ScanSpec },
  source: ByteSource,
  scanner: Scanner,
  scratch: Scratch,
  limits: PieceLimits,
): PieceResult {
  const began = performance.now();
  const forward = piece.spec.direction === "forward";
  const gathered = new Gathered(piece.budget);
  const maxBlockBytes = piece.spec.grep === "" ? Math.max(MIN_BLOCK_BYTES, piece.budget) : Infinity;
  let { from, to, first, skip } = piece;
  let short = false;
  let blockBegan = began;
  while (from < to) {
    const size = Math.min(scratch.blockBytes, maxBlockBytes);
    const block = forward
      ? { from, to: Math.min(from + size, to), end: piece.end, first }
      : { from: Math.max(to - size, from), to, end: piece.end, first };
    const lines = readWholeLines(source, block, scratch);
    let resume: ScanResult["resume"] = null;
    if (lines.length > 0) {
      const options = { budget: gathered.budgetLeft, skip };
      const result = scanner.scan(scratch.bytes, 0, lines.length, options);
      gathered.add(result, lines);
      resume = result.resume;
      skip = 0;
    }
    if (resume !== null) {
      if (forward) from = lines.from + resume.offset;
      else to = lines.from + resume.offset;
      skip = resume.skip;
      break;
    }
    // A block's last line may end beyond the block; the next one begins where it ended.
    if (forward) first = from = Math.max(block.to, lines.to);
    else to = block.from;
    if (lines.short) {
      short = true;
      break;
    }
    const now = performance.now();
    adaptBlock(scratch, now - blockBegan);
    blockBegan = now;
    if (gathered.budgetLeft <= 0 || now - began >= limits.sliceMs || limits.isStopped?.()) break;
  }
  if (scratch.bytes.length > MAX_KEPT_BYTES) scratch.bytes = new Uint8Array(0);
  const left = from < to && !short;
  return {
    ...gathered.take(piece),
    resume: left ? { offset: forward ? from : to, skip } : null,
    seconds: (performance.now() - began) / 1000,
    short,
  };
}

function adaptBlock(scratch: Scratch, milliseconds: number): void {
  if (milliseconds < QUICK_BLOCK_MS) {
    scratch.blockBytes = Math.min(scratch.blockBytes * 2, MAX_BLOCK_BYTES);
  } else if (milliseconds > LONG_BLOCK_MS) {
    scratch.blockBytes = Math.max(scratch.blockBytes / 2, MIN_BLOCK_BYTES);
  }
}

/** The results of a piece's blocks, put together. */
class Gathered {
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

  add(result: ScanResult, lines: { from: number; to: number; length: number }): void {
    if (result.frames.length > 0) this.#frames.push(result.frames);
    this.#frameBytes += result.frames.length;
    this.#records += result.records;
    this.#malformed += result.malformed;
    this.#bytes += lines.length;
    this.#from = Math.min(this.#from, lines.from);
    this.#to = Math.max(this.#to, lines.to);
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
    part.buffer.transfer(0); // Given back at once, not when garbage is collected.
  }
  return all;
}

/** How many patterns are kept compiled. */
const MAX_SCANNERS = 4;

/** Scanners by what they scan for: the many pieces of a stream use one. The least recently used ones go. */
export class Scanners {
  readonly #scanners = new Map<string, Scanner>();

  /** Throws Failure("invalid-argument") where the pattern is not valid. */
  async get(spec: ScanSpec): Promise<Scanner> {
    const key = `${spec.format} ${spec.direction} ${spec.maxRecordBytes} ${spec.grep}`;
    const scanner = this.#scanners.get(key) ?? await createScanner(spec);
    this.#scanners.delete(key);
    this.#scanners.set(key, scanner);
    for (const oldest of this.#scanners.keys()) {
      if (this.#scanners.size <= MAX_SCANNERS) break;
      this.#scanners.delete(oldest);
    }
    return scanner;
  }
}
