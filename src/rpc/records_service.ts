import { Metadata } from "@grpc/grpc-js";
import { Failure } from "../failure/failure.ts";
import type { LogRoots } from "../files/locate.ts";
import { checkLogName, type LogName } from "../files/name.ts";
import type { Follows } from "../files/follow.ts";
import { openLog } from "../files/open_log.ts";
import { FollowFrom, type LogRecordsServiceServer } from "../generated/cluster_agent.ts";
import type { LogRecordsStreamRequest } from "../generated/cluster_agent.ts";
import type { ScanPool } from "../pool/pool.ts";
import { compareInstants, type Instant } from "../scan/instant.ts";
import type { Direction } from "../scan/scan.ts";
import { parseInstant } from "../scan/time_window.ts";
import { followWindow } from "../stream/follow_window.ts";
import { planRanges, type TimeWindow } from "../stream/plan.ts";
import { type FeedRange, recordsStream } from "../stream/records.ts";
import type { Report } from "../telemetry/events.ts";
import type { CallAuthorizer } from "./call_authorizer.ts";
import type { Calls, RunningCall } from "./calls.ts";
import { frameSink, type RecordsCall } from "./grpc_js/frame_stream.ts";

export interface RecordsServiceOptions {
  readonly calls: Calls;
  readonly callAuthorizer: CallAuthorizer;
  readonly roots: LogRoots;
  readonly history: boolean;
  readonly maxLineBytes: number;
  readonly pool: ScanPool;
  readonly follows: Follows;
  readonly report: Report;
}

/** StreamForward and StreamBackward: decode, authorize, find, stream. */
export function recordsService(options: RecordsServiceOptions): LogRecordsServiceServer {
  return {
    streamForward: (call) => void answer(call, "forward", options),
    streamBackward: (call) => void answer(call, "backward", options),
  };
}

async function answer(
  call: RecordsCall,
  direction: Direction,
  options: RecordsServiceOptions,
): Promise<void> {
  const method = direction === "forward" ? "StreamForward" : "StreamBackward";
  const follow = direction === "backward" ? FollowFrom.NOOP : call.request.follow_from;
  const status = await options.calls.run(call, {
    method: `cluster_agent.LogRecordsService/${method}`,
    kind: follow === FollowFrom.NOOP ? "stream" : "endless",
  }, async (running) => {
    const identity = options.callAuthorizer.identify(call, running);
    const name = checkLogName(call.request);
    const window = checkWindow(call.request);
    checkFollowFrom(follow);
    await options.callAuthorizer.admit(identity, [name.namespace], running);

    const grep = call.request.grep.trim();
    const stream = {};
    if (grep !== "") await options.pool.check(grep, { stream, signal: running.signal });

    const feed = await openFeed(name, window, { direction, follow }, running.signal, options);
    // Whoever follows learns that the place is fixed from which nothing will be missed.
    if (running.kind === "endless") call.sendMetadata(new Metadata());
    const frames = recordsStream(feed.ranges, {
      direction,
      grep,
      maxRecordBytes: options.maxLineBytes,
      pool: options.pool,
      stream,
      report: options.report,
      signal: running.signal,
      onScanned: (result) => running.records += result.records,
      onClosed: feed.close,
    });
    await send(frames, call, running, options.report);
  });
  if (status.code === 0) call.end();
  else call.emit("error", status);
}

async function send(
  frames: ReadableStream<Uint8Array>,
  call: RecordsCall,
  running: RunningCall,
  report: Report,
): Promise<void> {
  const sink = frameSink(call, running.signal);
  // Leaving the loop by an error cancels the stream, and with it all work for the call.
  for await (const chunk of frames) {
    running.bytes += chunk.length;
    report({ type: "sent", bytes: chunk.length });
    if (!await sink.write(chunk)) return;
  }
}

/** What the records are read from, and how to let go of it. */
interface Feed {
  readonly ranges: Iterable<FeedRange> | AsyncIterable<FeedRange>;
  close(): void;
}

const nothing: Feed = { ranges: [], close: () => {} };

async function openFeed(
  name: LogName,
  window: TimeWindow,
  { direction, follow }: { readonly direction: Direction; readonly follow: FollowFrom },
  signal: AbortSignal,
  options: RecordsServiceOptions,
): Promise<Feed> {
  const backwards = window.start !== null && window.stop !== null &&
    compareInstants(window.start, window.stop) > 0;
  if (follow === FollowFrom.NOOP || isPast(window.stop)) {
    const sources = await openLog(options.roots, name, { history: options.history, signal });
    const close = () => {
      for (const source of sources) source[Symbol.dispose]();
    };
    try {
      // END asks for what is new, and before a stop in the past nothing is.
      const ranges = backwards || follow === FollowFrom.END
        ? []
        : planRanges(sources.map((source) => ({ source, size: source.size })), window);
      return { ranges: direction === "forward" ? ranges : ranges.reverse(), close };
    } catch (error) {
      close();
      throw error;
    }
  }
  if (backwards) return nothing;
  const start = follow === FollowFrom.END ? "end" : "beginning";
  return followWindow((signal) => options.follows.follow(name, { start, signal }), window, {
    signal,
  });
}

function isPast(stop: Instant | null): boolean {
  return stop !== null && stop.seconds * 1000 + stop.nanos / 1e6 < Date.now();
}

function checkWindow(request: LogRecordsStreamRequest): TimeWindow {
  return {
    start: checkTime("start_time", request.start_time),
    stop: checkTime("stop_time", request.stop_time),
  };
}

function checkTime(field: string, text: string): Instant | null {
  if (text === "") return null;
  const instant = parseInstant(text);
  if (instant === null) {
    throw new Failure(
      "invalid-argument",
      `Cannot parse ${field} ${JSON.stringify(text.slice(0, 64))}: not RFC3339`,
    );
  }
  return instant;
}

function checkFollowFrom(follow: FollowFrom): void {
  if (follow === FollowFrom.NOOP || follow === FollowFrom.DEFAULT || follow === FollowFrom.END) {
    return;
  }
  throw new Failure("invalid-argument", `Unknown follow_from ${Number(follow)}: not 0, 1 or 2`);
}
