import { Failure } from "../failure/failure.ts";
import { checkLogName } from "../files/name.ts";
import { FollowFrom, type LogRecordsStreamRequest } from "../generated/cluster_agent.ts";
import type { Instant } from "../scan/instant.ts";
import type { Direction } from "../scan/scan.ts";
import { parseInstant } from "../scan/time_window.ts";
import type { RecordsRequest } from "../stream/record_source.ts";

/**
 * The request of StreamForward or StreamBackward as one checked value; only the pattern is checked later, by the pool
 * that compiles it. Throws Failure invalid-argument naming the field.
 */
export function checkRecordsRequest(
  request: LogRecordsStreamRequest,
  direction: Direction,
): RecordsRequest {
  return {
    name: checkLogName(request),
    window: {
      start: checkTime("start_time", request.start_time),
      stop: checkTime("stop_time", request.stop_time),
    },
    direction,
    follow: checkFollowFrom(request.follow_from, direction),
    grep: request.grep.trim(),
  };
}

/** Whether a request waits for new records; decided before the request is checked. */
export function isFollow(request: LogRecordsStreamRequest, direction: Direction): boolean {
  return direction === "forward" && request.follow_from !== FollowFrom.NOOP;
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

function checkFollowFrom(followFrom: FollowFrom, direction: Direction): RecordsRequest["follow"] {
  if (direction === "backward") return null;
  switch (followFrom) {
    case FollowFrom.NOOP:
      return null;
    case FollowFrom.DEFAULT:
      return "beginning";
    case FollowFrom.END:
      return "end";
    default:
      throw new Failure(
        "invalid-argument",
        `Unknown follow_from ${Number(followFrom)}: not 0, 1 or 2`,
      );
  }
}
