import { setImmediate } from "node:timers/promises";
import { isSmallPiece, type PieceResult, type PieceResume, type ScanPool } from "../pool/pool.ts";
import type { Direction, ScanSpec } from "../scan/scan.ts";
import type { Report } from "../telemetry/events.ts";
import type { BufferBudget, BufferShare } from "./buffer_budget.ts";
import { PieceCutter } from "./piece_cutter.ts";
import type { LogRange } from "./plan.ts";

/**
 * Frames that one result may hold before the scan pauses. With WINDOW results waiting and one
 * being written, a slow reader costs at most 1 MiB, plus one record.
 */
const RESULT_BYTES = 256 * 1024;
const WINDOW = 3;
/** Pieces are cut to give less: a line that is left over costs as much as a piece. */
const TARGET_BYTES = RESULT_BYTES * 15 / 16;
/** The same while the memory for results is scarce. */
const SCARCE_RESULT_BYTES = 64 * 1024;
const SCARCE_WINDOW = 1;
/** The least, however many streams there are: each result costs some work. */
const LEAST_RESULT_BYTES = 32 * 1024;

/** More than a record's frame has in addition to its message, bytes. */
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
  readonly report: Report;
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

/** A piece that is being scanned, or whose result waits to be delivered. */
interface Submitted {
  readonly bounds: Bounds;
  readonly place: Place;
  /** Of the source when it was submitted. */
  readonly epoch: number;
  /** Is it scanned in this thread? */
  readonly isSmall: boolean;
  readonly result: Promise<PieceResult>;
  /** Of the buffers: as much as the result may need, then as much as it has. */
  readonly share: BufferShare;
}

/**
 * Scans a range: its pieces are scanned in parallel, and their results delivered in order. No more is scanned than a
 * window of results, which shrinks while the memory for the results of all streams is scarce. A result's memory counts
 * until the next one is requested.
 *
 * Where the source has a verifier, a result is verified before it is delivered. When the file was truncated meanwhile, what
 * is left is scanned in a copy; what no copy holds is reported as lost.
 */
export async function* scanRange(
  range: LogRange,
  options: ScanRangeOptions,
): AsyncGenerator<PieceResult, void> {
  const { direction, grep, maxRecordBytes, pool, buffers, stream, user, signal, report } = options;
  using _ = buffers.enter();
  const { verifier } = range.source;
  const spec: ScanSpec = { format: range.source.format, direction, grep, maxRecordBytes };
  const kind = grep === "" ? "all" : "grep";
  const cutter = new PieceCutter(range, {
    direction,
    maxBytes: MAX_PIECE_BYTES[kind],
    targetBytes: TARGET_BYTES,
    smallPieces: SMALL_PIECES[kind],
  });
  /** Pieces that are cut and not submitted, in order. */
  const cut: Bounds[] = [];
  const window: Submitted[] = [];
  /** Where the range ends: before its own end where a copy holds less. */
  let end = range.to;
  /** What was not delivered yet, at line boundaries as far as they are known. */
  let left: Bounds = range;

  const budget = () => {
    const most = buffers.isScarce ? SCARCE_RESULT_BYTES : RESULT_BYTES;
    return Math.floor(Math.max(LEAST_RESULT_BYTES, Math.min(most, buffers.resultBytes)));
  };
  /** The most that a piece's result can take, bytes: the lines of a small range have no more. */
  const need = (bounds: Bounds, budget: number) =>
    Math.min(
      budget + maxRecordBytes + FRAME_OVERHEAD,
      MAX_GROWTH * (range.to - bounds.from) + FRAME_OVERHEAD,
    );
  const submit = (
    bounds: Bounds,
    place: Place,
    budget: number,
    share: BufferShare,
  ): Submitted => {
    const { source, window = null, from: first } = range;
    const { skip, line } = place;
    const epoch = verifier?.epoch ?? 0;
    const piece = { spec, source, ...bounds, first, end, line, skip, budget, window };
    const result = pool.scan(piece, { stream, user, signal });
    // A rejection is seen where the result is awaited; a later piece's may never be.
    result.then(({ frames }) => share.shrink(frames.buffer.byteLength), () => share.release());
    return { bounds, place, epoch, isSmall: isSmallPiece(piece), result, share };
  };
  /** As much of the bounds as there is to read; null: nothing. */
  const clip = ({ from, to }: Bounds): Bounds | null =>
    from < end ? { from, to: Math.min(to, end) } : null;
  const nextBounds = (): Bounds | null => {
    for (;;) {
      const bounds = cut.shift() ?? cutter.next();
      if (bounds === null) return null;
      const clipped = clip(bounds);
      if (clipped !== null) return clipped;
    }
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
      const bounds = nextBounds();
      if (bounds === null) return;
      const bytes = budget();
      const share = buffers.tryTake(user, need(bounds, bytes));
      if (share === null) return void cut.unshift(bounds);
      window.push(submit(bounds, BEGINNING, bytes, share));
    }
  };

  const countLost = (bytes: number, cause: "truncated" | "unreadable") => {
    const { path } = range.source;
    if (bytes > 0) report({ type: "truncated", bytes, path, cause });
  };
  /** Nothing is read beyond the end of the source's text. What is left of the range there is lost. */
  const shorten = () => {
    if (verifier === undefined) return;
    countLost(Math.min(left.to, end) - Math.max(left.from, verifier.end), "truncated");
    end = Math.min(end, verifier.end);
  };
  /** The head's result, verified; null: what was to be read is lost. */
  const headResult = async (): Promise<PieceResult | null> => {
    for (;;) {
      if (head === undefined) return null;
      const result = await head.result;
      if (verifier === undefined || verifier.isIntact(head.epoch)) return result;
      head.share.release();
      if (head.epoch === verifier.epoch) {
        await verifier.moveToCopy();
        shorten();
      }
      const bounds = clip(head.bounds);
      if (bounds === null) return null;
      head = await submitHead(bounds, head.place);
    }
  };

  let head: Submitted | undefined;
  let { place = BEGINNING } = options;
  shorten();
  try {
    for (;;) {
      head = window.shift();
      if (head === undefined) {
        const bounds = nextBounds();
        if (bounds === null) return;
        head = await submitHead(bounds, place);
        place = BEGINNING;
      }
      // Side by side with a piece that this thread scans no other one is: it would only delay the first result.
      if (!head.isSmall) fillWindow();
      let result = await headResult();
      if (result === null) continue;
      cutter.learn(result.bytes, result.frames.length);
      left = leftAfter(result, left, direction);
      yield result;
      head.share.release();
      // What is delivered is sent, and a cancellation is seen, before the next piece is scanned.
      if (head.isSmall) await setImmediate();
      while (result.resume !== null && !result.short) {
        const { offset }: PieceResume = result.resume;
        const rest = direction === "forward"
          ? { from: offset, to: head.bounds.to }
          : { from: head.bounds.from, to: offset };
        head = await submitHead(rest, result.resume);
        result = await headResult();
        if (result === null) break;
        left = leftAfter(result, left, direction);
        yield result;
        head.share.release();
      }
      if (!result?.short) continue;
      // A compressed source tells its end only so.
      const isPlain = verifier !== undefined && range.source.compressed === undefined;
      if (isPlain) countLost(Math.min(left.to, end) - left.from, "unreadable");
      return;
    }
  } finally {
    for (const submitted of head === undefined ? window : [head, ...window]) {
      releaseWhenDone(submitted);
    }
  }
}

function leftAfter(result: PieceResult, left: Bounds, direction: Direction): Bounds {
  const { from, to, resume } = result;
  if (resume === null && from > to) return left; // No line begins in the piece.
  return direction === "forward"
    ? { from: resume?.offset ?? to, to: left.to }
    : { from: left.from, to: resume?.offset ?? from };
}

/** A piece that is still being scanned holds its memory until that ends. */
function releaseWhenDone({ result, share }: Submitted): void {
  result.then(() => share.release(), () => share.release());
}
