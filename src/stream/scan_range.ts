import { setImmediate } from "node:timers/promises";
import { isSmallPiece, type PieceResult, type PieceResume, type ScanPool } from "../pool/pool.ts";
import type { Direction, ScanSpec } from "../scan/scan.ts";
import type { Report } from "../telemetry/events.ts";
import type { BufferBudget, BufferShare } from "./buffer_budget.ts";
import { PieceCutter } from "./piece_cutter.ts";
import type { LogRange } from "./plan.ts";

/**
 * Size of the frames in one result at which the scan pauses. With WINDOW results waiting and one being written, a slow
 * reader costs at most 1 MiB, plus one record.
 */
const RESULT_BYTES = 256 * 1024;
const WINDOW = 3;
/** Pieces are cut to produce less than this: a leftover line costs as much as a piece. */
const TARGET_BYTES = RESULT_BYTES * 15 / 16;
/** The same while memory for results is scarce. */
const SCARCE_RESULT_BYTES = 64 * 1024;
const SCARCE_WINDOW = 1;
/** The minimum, however many streams there are: each result costs some work. */
const LEAST_RESULT_BYTES = 32 * 1024;

/** More than the bytes of a record's frame in addition to its message. */
const FRAME_OVERHEAD = 64;
/** A byte that is not UTF-8 becomes U+FFFD, which takes three bytes. */
const MAX_GROWTH = 3;

/**
 * The largest pieces: with grep, most of a piece produces nothing, so pieces are few and large (a worker still reads
 * them in small blocks); without it, most of a piece becomes frames.
 */
const MAX_PIECE_BYTES = { grep: 16 * 1024 * 1024, all: 1024 * 1024 };
/** A page of lines is read in small pieces, scanned in place; a grep should use workers soon. */
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
  /** Where to continue in the range's first line; its beginning by default. */
  readonly place?: Place;
}

interface Bounds {
  readonly from: number;
  readonly to: number;
}

/** Where a piece continues in its first line. */
export type Place = Pick<PieceResume, "skip" | "line">;

export const BEGINNING: Place = { skip: 0, line: null };

/** A piece that is being scanned, or whose result waits for delivery. */
interface Submitted {
  readonly bounds: Bounds;
  readonly place: Place;
  /** Epoch of the source when the piece was submitted. */
  readonly epoch: number;
  /** Whether it is scanned in this thread. */
  readonly isSmall: boolean;
  readonly result: Promise<PieceResult>;
  /** Share of the buffers: first as much as the result may need, then its actual size. */
  readonly share: BufferShare;
}

/**
 * Scans a range: its pieces are scanned in parallel, and their results delivered in order. At most a window of results
 * is scanned ahead, which shrinks while the memory for the results of all streams is scarce. A result's memory counts
 * until the next one is requested.
 *
 * If the source has a verifier, a result is verified before it is delivered. If the file was truncated meanwhile, the
 * rest is scanned in a copy; bytes that are in no copy are reported as lost.
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
  /** Pieces that have been cut but not submitted, in order. */
  const cut: Bounds[] = [];
  const window: Submitted[] = [];
  /** Where the range ends: before its own end if a copy holds less. */
  let end = range.to;
  /** What has not been delivered yet, at line boundaries as far as they are known. */
  let left: Bounds = range;

  const budget = () => {
    const most = buffers.isScarce ? SCARCE_RESULT_BYTES : RESULT_BYTES;
    return Math.floor(Math.max(LEAST_RESULT_BYTES, Math.min(most, buffers.resultBytes)));
  };
  /** The maximum size of a piece's result, in bytes: a small range has no more lines than that. */
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
    // A rejection is noticed where the result is awaited; a later piece's result may never be awaited.
    result.then(({ frames }) => share.shrink(frames.buffer.byteLength), () => share.release());
    return { bounds, place, epoch, isSmall: isSmallPiece(piece), result, share };
  };
  /** The readable part of the bounds; null: nothing. */
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
  /**
   * Submits a piece for which the stream waits. The stream discards what it holds for later pieces rather than hold it
   * while waiting.
   */
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
  /** Nothing is read beyond the end of the source's text. The rest of the range is lost. */
  const shorten = () => {
    if (verifier === undefined) return;
    countLost(Math.min(left.to, end) - Math.max(left.from, verifier.end), "truncated");
    end = Math.min(end, verifier.end);
  };
  /** The verified result of the first piece; null: what was to be read is lost. */
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
      // While this thread scans a piece, no other piece is scanned: it would only delay the first result.
      if (!head.isSmall) fillWindow();
      let result = await headResult();
      if (result === null) continue;
      cutter.learn(result.bytes, result.frames.length);
      left = leftAfter(result, left, direction);
      yield result;
      head.share.release();
      // Delivered data is sent, and a cancellation is noticed, before the next piece is scanned.
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
      // Only this shows the end of a compressed source.
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

/** A piece that is still being scanned keeps its memory until the scan ends. */
function releaseWhenDone({ result, share }: Submitted): void {
  result.then(() => share.release(), () => share.release());
}
