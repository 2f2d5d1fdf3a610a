import type { PieceResult, ScanPool } from "../pool/pool.ts";
import type { Direction } from "../scan/scan.ts";
import type { Report } from "../telemetry/events.ts";
import { BufferBudget } from "./buffer_budget.ts";
import type { LogRange } from "./plan.ts";
import { scanRange } from "./scan_range.ts";

export interface RecordsOptions {
  readonly direction: Direction;
  /** The client's pattern, checked before; "" for all records. */
  readonly grep: string;
  readonly maxRecordBytes: number;
  readonly pool: ScanPool;
  /** Identifies the stream in the pool's turns; the same object for which the pattern was checked. */
  readonly stream?: object;
  /** The user of the stream, for per-user limits. */
  readonly user?: string;
  /** Limits the memory of the results of all streams; without it, there is no total limit. */
  readonly buffers?: BufferBudget;
  readonly report: Report;
  readonly signal: AbortSignal;
  /** Called for every scanned piece, before its frames are delivered. */
  onScanned?(result: PieceResult): void;
}

/**
 * The records of the ranges, in order, as ready gRPC frames in chunks. Only a bounded window is scanned ahead of the
 * reader. Cancelling the stream, or the signal, stops all work.
 */
export function recordsStream(
  ranges: AsyncIterable<LogRange> | Iterable<LogRange>,
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
  ranges: AsyncIterable<LogRange> | Iterable<LogRange>,
  options: RecordsOptions,
): AsyncGenerator<PieceResult, void> {
  const {
    stream = {},
    user = "",
    buffers = new BufferBudget({ bytes: Infinity, report: () => {} }),
  } = options;
  for await (const range of ranges) {
    for await (const result of scanRange(range, { ...options, stream, user, buffers })) {
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
    }
  }
}
