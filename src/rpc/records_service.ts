import { Metadata } from "@grpc/grpc-js";
import type { Follows } from "../files/follow.ts";
import type { LogRoots } from "../files/locate.ts";
import type { LogRecord, LogRecordsServiceServer } from "../generated/cluster_agent.ts";
import type { LogRecordsStreamRequest } from "../generated/cluster_agent.ts";
import type { ScanPool } from "../pool/pool.ts";
import type { Direction } from "../scan/scan.ts";
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
  readonly follows: Follows;
  readonly report: Report;
}

/** StreamForward and StreamBackward of cluster_agent.LogRecordsService. */
export function recordsService(options: RecordsServiceOptions): LogRecordsServiceServer {
  const handler = (direction: Direction) =>
    options.calls.serverStream<LogRecordsStreamRequest, LogRecord, RecordsRequest>(
      {
        name: `cluster_agent.LogRecordsService/${
          direction === "forward" ? "StreamForward" : "StreamBackward"
        }`,
        kind: (request) => isFollow(request, direction) ? "endless" : "stream",
        check: (request) => checkRecordsRequest(request, direction),
        access: ({ name }) => [name.namespace],
      },
      (running, request, call) => sendRecords(running, request, call, options),
    );
  return { streamForward: handler("forward"), streamBackward: handler("backward") };
}

async function sendRecords(
  running: RunningCall,
  request: RecordsRequest,
  call: RecordsCall,
  options: RecordsServiceOptions,
): Promise<void> {
  const { pool, buffers, report } = options;
  const { direction, grep } = request;
  const { signal, user } = running;
  const stream = {};
  if (grep !== "") await pool.check(grep, { stream, user, signal });

  using source = await openRecordSource(request, { ...options, signal, stream, user });
  // The headers tell a follower that the place is fixed from which no record will be missed.
  if (running.kind === "endless") call.sendMetadata(new Metadata());
  const frames = recordsStream(source.ranges, {
    direction,
    grep,
    maxRecordBytes: options.maxLineBytes,
    pool,
    stream,
    user,
    buffers,
    report,
    signal,
    onScanned: (result) => running.records += result.records,
  });
  const sink = frameSink(call, signal);
  // Leaving the loop by an error cancels the stream, and with it all work for the call.
  for await (const chunk of frames) {
    running.bytes += chunk.length;
    report({ type: "sent", bytes: chunk.length });
    if (!await sink.write(chunk)) return;
  }
}
