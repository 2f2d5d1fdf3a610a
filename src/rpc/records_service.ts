import { Metadata } from "@grpc/grpc-js";
import type { FollowRegistry } from "../files/follow_registry.ts";
import type { LogRoots } from "../files/locate.ts";
import type { LogRecord, LogRecordsServiceServer } from "../generated/cluster_agent.ts";
import type { LogRecordsStreamRequest } from "../generated/cluster_agent.ts";
import type { ScanPool } from "../pool/pool.ts";
import type { Direction } from "../scan/scan.ts";
import { AppendedScanner } from "../stream/appended_scanner.ts";
import { FollowStream } from "../stream/follow_stream.ts";
import { openRecordSource, type RecordsRequest } from "../stream/record_source.ts";
import type { BufferBudget } from "../stream/buffer_budget.ts";
import { recordsStream } from "../stream/records.ts";
import type { Report } from "../telemetry/events.ts";
import type { Calls } from "./calls.ts";
import { frameSink, type RecordsCall } from "./grpc_js/frame_stream.ts";
import { checkRecordsRequest, isFollow } from "./records_request.ts";
import type { RunningCall } from "./running_call.ts";

export interface RecordsServiceOptions {
  readonly calls: Calls;
  readonly roots: LogRoots;
  readonly history: boolean;
  readonly maxLineBytes: number;
  readonly pool: ScanPool;
  readonly buffers: BufferBudget;
  readonly follows: FollowRegistry;
  readonly report: Report;
}

/** StreamForward and StreamBackward of cluster_agent.LogRecordsService. */
export function recordsService(options: RecordsServiceOptions): LogRecordsServiceServer {
  const appendedScanner = AppendedScanner.create(options.maxLineBytes);
  const handler = (direction: Direction) =>
    options.calls.serverStream<LogRecordsStreamRequest, LogRecord, RecordsRequest>(
      {
        name: `cluster_agent.LogRecordsService/${
          direction === "forward" ? "StreamForward" : "StreamBackward"
        }`,
        kind: (request) => isFollow(request, direction) ? "unbounded" : "stream",
        check: (request) => checkRecordsRequest(request, direction),
        access: ({ name }) => [name.namespace],
        memory: ({ grep }) => grep.length * 2, // In UTF-16.
      },
      (running, request, call) =>
        sendRecords(running, request, call, { ...options, appendedScanner }),
    );
  return { streamForward: handler("forward"), streamBackward: handler("backward") };
}

async function sendRecords(
  running: RunningCall,
  request: RecordsRequest,
  call: RecordsCall,
  options: RecordsServiceOptions & { readonly appendedScanner: Promise<AppendedScanner> },
): Promise<void> {
  const { pool, buffers, report } = options;
  const { direction, grep } = request;
  const { signal, user } = running;
  const stream = {};
  if (grep !== "") await pool.check(grep, { stream, user, signal });

  const scanner = await options.appendedScanner;
  using source = await openRecordSource(request, { ...options, signal, stream, user });
  // The headers tell a follower that the position from which no record will be missed is fixed.
  if (running.kind === "unbounded") call.sendMetadata(new Metadata());
  const sink = frameSink(call, signal);
  const write = (frames: Uint8Array) => {
    running.bytes += frames.length;
    report({ type: "sent", bytes: frames.length });
    return sink.writeNow(frames);
  };
  const common = {
    grep,
    maxRecordBytes: options.maxLineBytes,
    pool,
    stream,
    user,
    buffers,
    report,
    signal,
    onScanned: (result: { readonly records: number }) => running.records += result.records,
  };
  if (source instanceof FollowStream) {
    return await source.run({ ...common, scanner, sink: { write } });
  }
  const frames = recordsStream(source.ranges, { ...common, direction });
  // Leaving the loop by an error cancels the stream, and with it all work for the call.
  for await (const chunk of frames) if (!await write(chunk)) return;
}
