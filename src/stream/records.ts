import type { PieceResult, ScanPool } from "../pool/pool.ts";
import type { Direction, ScanSpec } from "../scan/scan.ts";
import type { Report } from "../telemetry/events.ts";
import { type LogRange, PieceCutter } from "./plan.ts";

/**
 * Frames that one result may hold before the scan pauses. With WINDOW results waiting and one
 * being written, a slow reader costs at most 1 MiB, plus one record.
 */
const RESULT_BYTES = 256 * 1024;
const WINDOW = 3;

/**
 * The largest pieces: with grep most of a piece gives nothing, so they are few and large (a worker
 * reads them in small blocks all the same); without it most becomes frames.
 */
const MAX_PIECE_BYTES = { grep: 16 * 1024 * 1024, all: 1024 * 1024 };
/** A page of lines is read in small pieces, scanned in place; a grep wants its workers soon. */
const SMALL_PIECES = { grep: 1, all: 8 };

/** A range that tells its giver where bytes were missing. */
export interface FeedRange extends LogRange {
  shortAt?(offset: number): void;
}

export interface RecordsOptions {
  readonly direction: Direction;
  /** The client's pattern, checked before; "" for all. */
  readonly grep: string;
  readonly maxRecordBytes: number;
  readonly pool: ScanPool;
  /** Whose turn it is in the pool; the same that its pattern was checked for. */
  readonly stream?: object;
  /** Whose stream it is, for limits per user. */
  readonly user?: string;
  readonly report: Report;
  readonly signal: AbortSignal;
  /** Called for every scanned piece, before its frames are given out. */
  onScanned?(result: PieceResult): void;
}

/**
 * The records of the ranges, in order, as ready gRPC frames in chunks. Nothing is scanned before
 * it is asked for but a bounded window. Cancelling the stream, or the signal, stops all work.
 */
export function recordsStream(
  ranges: AsyncIterable<FeedRange> | Iterable<FeedRange>,
  options: RecordsOptions,
): ReadableStream<Uint8Array> {
  const stopped = new AbortController();
  const signal = AbortSignal.any([options.signal, stopped.signal]);
  const results = scanRanges(ranges, { ...options, signal });
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        for (;;) {
          const { value, done } = await results.next();
          if (done) return controller.close();
          if (value.frames.length === 0) continue;
          controller.enqueue(value.frames);
          return;
        }
      } catch (error) {
        controller.error(error);
      }
    },
    async cancel(reason) {
      stopped.abort(reason);
      await results.return(undefined);
    },
  }, { highWaterMark: 0 });
}

async function* scanRanges(
  ranges: AsyncIterable<FeedRange> | Iterable<FeedRange>,
  options: RecordsOptions,
): AsyncGenerator<PieceResult, void> {
  const stream = options.stream ?? {};
  for await (const range of ranges) {
    for await (const result of scanRange(range, stream, options)) {
      options.signal.throwIfAborted();
      options.report({
        type: "scanned",
        bytes: result.bytes,
        records: result.records,
        malformed: result.malformed,
        seconds: result.seconds,
      });
      options.onScanned?.(result);
      yield result;
      if (result.short) {
        range.shortAt?.(result.to);
        break;
      }
    }
  }
}

/** The range's pieces are scanned side by side and their results given out in order. */
async function* scanRange(
  range: FeedRange,
  stream: object,
  options: RecordsOptions,
): AsyncGenerator<PieceResult, void> {
  const { direction, grep, maxRecordBytes, pool, user = "", signal } = options;
  const spec: ScanSpec = { format: range.source.format, direction, grep, maxRecordBytes };
  const kind = grep === "" ? "all" : "grep";
  const cutter = new PieceCutter(range, {
    direction,
    maxBytes: MAX_PIECE_BYTES[kind],
    targetBytes: RESULT_BYTES,
    smallPieces: SMALL_PIECES[kind],
  });
  const submit = (bounds: Bounds, skip: number) => {
    const result = pool.scan(
      {
        spec,
        source: range.source,
        ...bounds,
        first: range.from,
        end: range.to,
        skip,
        budget: RESULT_BYTES,
      },
      { stream, user, signal },
    );
    result.catch(() => {}); // Seen where it is awaited; a later piece's may never be.
    return { bounds, result };
  };

  const waiting: { bounds: Bounds; result: Promise<PieceResult> }[] = [];
  for (;;) {
    while (waiting.length < WINDOW) {
      const bounds = cutter.next();
      if (bounds === null) break;
      waiting.push(submit(bounds, 0));
    }
    let head = waiting.shift();
    if (head === undefined) return;
    let result = await head.result;
    cutter.learn(result.bytes, result.frames.length);
    yield result;
    while (result.resume !== null && !result.short) {
      const { offset, skip } = result.resume;
      const left = direction === "forward"
        ? { from: offset, to: head.bounds.to }
        : { from: head.bounds.from, to: offset };
      head = submit(left, skip);
      result = await head.result;
      yield result;
    }
  }
}

interface Bounds {
  readonly from: number;
  readonly to: number;
}
