import type { FollowRegistry } from "../files/follow_registry.ts";
import type { OlderFile } from "../files/history.ts";
import type { LogRoots } from "../files/locate.ts";
import type { LogName } from "../files/name.ts";
import { openLog } from "../files/open_log.ts";
import { WrittenLog } from "../files/written_log.ts";
import type { ScanPool } from "../pool/pool.ts";
import { compareInstants, type Instant } from "../scan/instant.ts";
import type { Direction } from "../scan/scan.ts";
import { examineIn } from "./examine_compressed.ts";
import { FollowStream } from "./follow_stream.ts";
import { loopTurns } from "../platform/loop_turns.ts";
import { type LogRange, planRanges, type TimeWindow } from "./plan.ts";

/** Which records of a log to read; everything in it has been checked. */
export interface RecordsRequest {
  readonly name: LogName;
  readonly window: TimeWindow;
  readonly direction: Direction;
  /** Where a follow begins; null: only what has been written by now. */
  readonly follow: "beginning" | "end" | null;
  /** The client's pattern; "" for all records. */
  readonly grep: string;
}

/** The source of a call's records. Disposing of it closes files and ends following. */
export type RecordSource = WrittenRecords | FollowStream;

/** What is in the log's files by now. */
export interface WrittenRecords extends Disposable {
  readonly ranges: Iterable<LogRange> | AsyncIterable<LogRange>;
}

export interface RecordSourceOptions {
  readonly roots: LogRoots;
  readonly history: boolean;
  readonly follows: FollowRegistry;
  readonly signal: AbortSignal;
  /** The pool in which compressed files are inflated, and on whose behalf. */
  readonly pool: ScanPool;
  readonly stream: object;
  readonly user: string;
}

/**
 * Opens what a request reads. For a follow, the position from which nothing is missed is fixed when this resolves.
 * Throws Failure not-found or permission-denied; nothing is left open then.
 */
export async function openRecordSource(
  request: RecordsRequest,
  options: RecordSourceOptions,
): Promise<RecordSource> {
  const { window, follow } = request;
  const isEmpty = window.start !== null && window.stop !== null &&
    compareInstants(window.start, window.stop) > 0;
  if (follow === null || isPast(window.stop)) {
    // A follow from the end needs only new records, and there are none before a stop in the past.
    return await openWritten(request, { ...options, isEmpty: isEmpty || follow === "end" });
  }
  if (isEmpty) return nothing;
  const { follows, signal } = options;
  return await follows.turns.call(() => {
    signal.throwIfAborted();
    return new FollowStream(follows, request.name, { start: follow, window });
  });
}

const nothing: WrittenRecords = { ranges: [], [Symbol.dispose]: () => {} };

/** The current content of the log's files. */
async function openWritten(
  { name, window, direction }: RecordsRequest,
  options: RecordSourceOptions & { readonly isEmpty: boolean },
): Promise<WrittenRecords> {
  const { roots, history, signal, isEmpty, pool, stream, user, follows } = options;
  const opening = { history, signal, turns: follows.turns };
  const { written, rotated } = await openLog(roots, name, opening, ({ current, history }) => ({
    written: new WrittenLog(current, examineIn(pool)),
    rotated: history,
  }));
  const opened = new DisposableStack();
  opened.use(written);
  const caller = { stream, user, signal };
  const older = async () => {
    const found = await rotated?.open({
      fingerprint: (file) => pool.fingerprint(file, caller),
      breathe: loopTurns(signal),
    }) ?? [];
    if (opened.disposed) { for (const { source } of found) source[Symbol.dispose](); }
    else for (const { source } of found) opened.use(source);
    return found;
  };
  // Lines written after this moment are not needed.
  const files = { current: { source: written, size: written.size }, older, release };
  const ranges = isEmpty ? [] : planRanges(files, window, { direction, ...caller, pool });
  return { ranges, [Symbol.dispose]: () => opened.dispose() };
}

function release({ source }: OlderFile): void {
  source[Symbol.dispose]();
}

function isPast(stop: Instant | null): boolean {
  return stop !== null && stop.seconds * 1000 + stop.nanos / 1e6 < Date.now();
}
