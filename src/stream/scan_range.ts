import type { PieceResult, PieceResume, ScanPool } from "../pool/pool.ts";
import type { Direction, ScanSpec } from "../scan/scan.ts";
import type { BufferBudget, BufferShare } from "./buffer_budget.ts";
import { PieceCutter } from "./piece_cutter.ts";
import type { LogRange } from "./plan.ts";

/**
 * Frames that one result may hold before the scan pauses. With WINDOW results waiting and one
 * being written, a slow reader costs at most 1 MiB, plus one record.
 */
const RESULT_BYTES = 256 * 1024;
const WINDOW = 3;
/** The same while the memory for results is scarce. */
const SCARCE_RESULT_BYTES = 64 * 1024;
const SCARCE_WINDOW = 1;

/** More than all that a record's frame has beside its message. */
const FRAME_OVERHEAD = 64;
/** A byte that is not UTF-8 becomes U+FFFD, which has three. */
const MAX_GROWTH = 3;

/**
 * The largest pieces: with grep most of a piece gives nothing, so they are few and large (a worker
 * reads them in small blocks all the same); without it most becomes frames.
 */
const MAX_PIECE_BYTES = { grep: 16 * 1024 * 1024, all: 1024 * 1024 };
/** A page of lines is read in small pieces, scanned in place; a grep wants its workers soon. */
const SMALL_PIECES = { grep: 1, all: 8 };

export interface ScanRangeOptions {
  readonly direction: Direction;
  readonly grep: string;
  readonly maxRecordBytes: number;
  readonly pool: ScanPool;
  readonly buffers: BufferBudget;
  readonly stream: object;
  readonly user: string;
  readonly signal: AbortSignal;
  /** Where in the range's first line to continue; its beginning otherwise. */
  readonly place?: Place;
}

interface Bounds {
  readonly from: number;
  readonly to: number;
}

/** Where in its first line a piece continues. */
export type Place = Pick<PieceResume, "skip" | "line">;

export const BEGINNING: Place = { skip: 0, line: null };

/** A piece that is being scanned, or whose result waits to be given out. */
interface Submitted {
  readonly bounds: Bounds;
  readonly result: Promise<PieceResult>;
  /** Of the buffers: as much as the result may need, then as much as it has. */
  readonly share: BufferShare;
}

/**
 * Scans a range: its pieces are scanned side by side, and their results given out in order. No more is scanned than a
 * window of results, which shrinks while the memory for the results of all streams is scarce. A result's memory counts
 * until the next one is requested.
 */
export async function* scanRange(
  range: LogRange,
  options: ScanRangeOptions,
): AsyncGenerator<PieceResult, void> {
  const { direction, grep, maxRecordBytes, pool, buffers, stream, user, signal } = options;
  const spec: ScanSpec = { format: range.source.format, direction, grep, maxRecordBytes };
  const kind = grep === "" ? "all" : "grep";
  const cutter = new PieceCutter(range, {
    direction,
    maxBytes: MAX_PIECE_BYTES[kind],
    targetBytes: RESULT_BYTES,
    smallPieces: SMALL_PIECES[kind],
  });
  /** Pieces that are cut and not submitted, in order. */
  const cut: Bounds[] = [];
  const window: Submitted[] = [];

  const budget = () => buffers.isScarce ? SCARCE_RESULT_BYTES : RESULT_BYTES;
  /** The most that a piece's result can take: the lines of a small range are no more than that. */
  const need = (bounds: Bounds, budget: number) =>
    Math.min(
      budget + maxRecordBytes + FRAME_OVERHEAD,
      MAX_GROWTH * (range.to - bounds.from) + FRAME_OVERHEAD,
    );
  const submit = (
    bounds: Bounds,
    { skip, line }: Place,
    budget: number,
    share: BufferShare,
  ): Submitted => {
    const { source, window = null, from, to } = range;
    const result = pool.scan(
      { spec, source, ...bounds, first: from, end: to, line, skip, budget, window },
      { stream, user, signal },
    );
    // A rejection is seen where the result is awaited; a later piece's may never be.
    result.then(({ frames }) => share.shrink(frames.length), () => share.release());
    return { bounds, result, share };
  };
  /** Submits a piece for which the stream waits. What it holds for later ones it gives up rather than wait with it. */
  const submitHead = async (bounds: Bounds, place: Place): Promise<Submitted> => {
    const bytes = budget();
    let share = buffers.tryTake(user, need(bounds, bytes));
    if (share === null) {
      cut.unshift(...window.map((later) => later.bounds));
      for (const later of window.splice(0)) releaseWhenDone(later);
      share = await buffers.take(user, need(bounds, bytes), signal);
    }
    return submit(bounds, place, bytes, share);
  };
  const fillWindow = () => {
    while (window.length < (buffers.isScarce ? SCARCE_WINDOW : WINDOW) - 1) {
      const bounds = cut.shift() ?? cutter.next();
      if (bounds === null) return;
      const bytes = budget();
      const share = buffers.tryTake(user, need(bounds, bytes));
      if (share === null) return void cut.unshift(bounds);
      window.push(submit(bounds, BEGINNING, bytes, share));
    }
  };

  let head: Submitted | undefined;
  let { place = BEGINNING } = options;
  try {
    for (;;) {
      head = window.shift();
      if (head === undefined) {
        const bounds = cut.shift() ?? cutter.next();
        if (bounds === null) return;
        head = await submitHead(bounds, place);
        place = BEGINNING;
      }
      fillWindow();
      let result = await head.result;
      cutter.learn(result.bytes, result.frames.length);
      yield result;
      head.share.release();
      while (result.resume !== null && !result.short) {
        const { offset }: PieceResume = result.resume;
        const left = direction === "forward"
          ? { from: offset, to: head.bounds.to }
          : { from: head.bounds.from, to: offset };
        head = await submitHead(left, result.resume);
        result = await head.result;
        yield result;
        head.share.release();
      }
    }
  } finally {
    for (const submitted of head === undefined ? window : [head, ...window]) {
      releaseWhenDone(submitted);
    }
  }
}

/** A piece that is still being scanned holds its memory until that ends. */
function releaseWhenDone({ result, share }: Submitted): void {
  result.then(() => share.release(), () => share.release());
}
