import { LogRecord } from "../../../src/generated/cluster_agent.ts";
import { frames } from "../../../src/local_search/decode_frames.ts";
import { ScanPool } from "../../../src/pool/pool.ts";
import { parseInstant } from "../../../src/scan/time_window.ts";
import type { Direction } from "../../../src/scan/scan.ts";
import { planRanges } from "../../../src/stream/plan.ts";
import { recordsStream } from "../../../src/stream/records.ts";
import { silent } from "../../../src/telemetry/events.ts";

const MIB = 2 ** 20;

/** How a hostile log continues between its beginning and its end. */
export interface HostileText {
  readonly begin: string;
  /** The repeated byte of its middle. */
  readonly byte: number;
  readonly end: string;
}

/** The work that reading a text took, regardless of the machine. */
export interface Work {
  /** Bytes read from the file. */
  readonly read: number;
  /** The largest single read, in bytes. */
  readonly largestRead: number;
  /** Bytes of the messages. */
  readonly delivered: number;
  readonly records: number;
}

/**
 * Reads a text of the given MiB, which is never in memory, as a call does: planned by time, cut, scanned, delivered.
 */
export async function workOf(
  { begin, byte, end }: HostileText,
  mebibytes: number,
  options: {
    readonly direction: Direction;
    readonly grep?: string;
    readonly window?: [string, string];
  },
): Promise<Work> {
  const size = begin.length + mebibytes * MIB + end.length;
  const [first, last] = [begin, end].map((text) => new TextEncoder().encode(text));
  let read = 0;
  let largestRead = 0;
  const readAt = (offset: number, into: Uint8Array): number => {
    const count = Math.max(0, Math.min(into.length, size - offset));
    const part = into.subarray(0, count).fill(byte);
    lay(first!, -offset, part);
    lay(last!, size - last!.length - offset, part);
    read += count;
    largestRead = Math.max(largestRead, into.length);
    return count;
  };
  const source = { path: "/log", dev: null, ino: null, format: "cri" as const, size, readAt };
  const { direction, grep = "", window = null } = options;
  const { signal } = new AbortController();
  // Without workers, the same code runs in this thread, where its reads can be counted.
  const pool = new ScanPool({ workers: 0, report: silent });
  const times = window === null
    ? { start: null, stop: null }
    : { start: parseInstant(window[0]), stop: parseInstant(window[1]) };
  const files = { current: { source, size } };
  const ranges = planRanges(files, times, { direction, signal, pool, stream: {} });
  let [delivered, records] = [0, 0];
  const scanning = { direction, grep, maxRecordBytes: 2 * MIB, pool, report: silent, signal };
  for await (const chunk of recordsStream(ranges, scanning)) {
    for (const frame of frames(chunk)) {
      delivered += LogRecord.decode(frame).message.length;
      records++;
    }
  }
  pool.close();
  return { read, largestRead, delivered, records };
}

function lay(bytes: Uint8Array, at: number, into: Uint8Array): void {
  const from = Math.max(0, -at);
  const part = bytes.subarray(from, Math.max(from, into.length - at));
  if (part.length > 0) into.set(part, at + from);
}
