import type { FollowRegistry } from "../files/follow_registry.ts";
import type { LogRoots } from "../files/locate.ts";
import type { LogName } from "../files/name.ts";
import { openLog } from "../files/open_log.ts";
import type { ScanPool } from "../pool/pool.ts";
import { compareInstants, type Instant } from "../scan/instant.ts";
import type { Direction } from "../scan/scan.ts";
import { FollowStream } from "./follow_stream.ts";
import {
  type LogSource,
  planRanges,
  type SizedSource,
  type TimeWindow,
  UNKNOWN_SIZE,
} from "./plan.ts";
import type { SourceRange } from "./records.ts";

/** Which records of a log are wanted; everything in it has been checked. */
export interface RecordsRequest {
  readonly name: LogName;
  readonly window: TimeWindow;
  readonly direction: Direction;
  /** Where a follow begins; null: what is written by now, and no more. */
  readonly follow: "beginning" | "end" | null;
  /** The client's pattern; "" for all records. */
  readonly grep: string;
}

/** What the records of a call are read from. Disposing of it closes files and ends following. */
export type RecordSource = WrittenRecords | FollowStream;

/** What is in the log's files by now. */
export interface WrittenRecords extends Disposable {
  readonly ranges: Iterable<SourceRange> | AsyncIterable<SourceRange>;
}

export interface RecordSourceOptions {
  readonly roots: LogRoots;
  readonly history: boolean;
  readonly follows: FollowRegistry;
  readonly signal: AbortSignal;
  /** What compressed files are inflated in, and for whom. */
  readonly pool: ScanPool;
  readonly stream: object;
  readonly user: string;
}

/**
 * Opens what a request reads. With a follow the place from which nothing is missed is fixed when this
 * resolves. Throws Failure not-found or permission-denied; nothing is left open then.
 */
export async function openRecordSource(
  request: RecordsRequest,
  options: RecordSourceOptions,
): Promise<RecordSource> {
  const { window, follow } = request;
  const isEmpty = window.start !== null && window.stop !== null &&
    compareInstants(window.start, window.stop) > 0;
  if (follow === null || isPast(window.stop)) {
    // A follow from the end wants what is new, and before a stop in the past nothing is.
    return await openWritten(request, { ...options, isEmpty: isEmpty || follow === "end" });
  }
  if (isEmpty) return nothing;
  return new FollowStream(options.follows, request.name, { start: follow, window });
}

const nothing: WrittenRecords = { ranges: [], [Symbol.dispose]: () => {} };

/** What is in the log's files now. */
async function openWritten(
  { name, window, direction }: RecordsRequest,
  options: RecordSourceOptions & { readonly isEmpty: boolean },
): Promise<WrittenRecords> {
  const { roots, history, signal, isEmpty, pool, stream, user } = options;
  using opened = new DisposableStack();
  const sources = await openLog(roots, name, { history, signal });
  for (const source of sources) opened.use(source);
  const ranges = isEmpty
    ? []
    : planRanges(sources.map(sized), window, { direction, signal, pool, stream, user });
  const files = opened.move();
  return { ranges, [Symbol.dispose]: () => files.dispose() };
}

/** How much of a log there is now. To learn it of a compressed one would be to inflate it. */
function sized(source: LogSource): SizedSource {
  return { source, size: source.compressed === undefined ? source.size : UNKNOWN_SIZE };
}

function isPast(stop: Instant | null): boolean {
  return stop !== null && stop.seconds * 1000 + stop.nanos / 1e6 < Date.now();
}
