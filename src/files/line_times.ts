import { Buffer } from "node:buffer";
import { CriParser } from "../scan/cri.ts";
import { DockerParser } from "../scan/docker.ts";
import type { Instant } from "../scan/instant.ts";
import type { LineParser } from "../scan/lines.ts";
import { TimeReader } from "../scan/rfc3339.ts";
import type { ByteSource } from "../scan/time_window.ts";

const LF = 0x0a;
const BRACE = 0x7b;
const DOCKER_TIME = '"time":"';
/** How far before its end the last time of a file is searched for. */
const LAST_TIME_BYTES = 64 * 1024;

const cri = new CriParser();
const docker = new DockerParser();
const timeReader = new TimeReader();

/**
 * The time of the first line that contains one, and where that line ends in the bytes; 0 while it has not ended and may
 * still grow. Null if there is none.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { firstTimedLine } from "./line_times.ts";
 *
 * const text = "no time\n2024-10-01T05:00:09Z stdout F one\n";
 * assert.equal(firstTimedLine(new TextEncoder().encode(text))?.to, text.length);
 * ```
 */
export function firstTimedLine(text: Uint8Array): { time: Instant; to: number } | null {
  for (let from = 0; from < text.length;) {
    const at = text.indexOf(LF, from);
    if (at < 0) return unterminatedLine(text, from);
    const time = timeOfLine(text, from, at);
    if (time !== null) return { time, to: at + 1 };
    from = at + 1;
  }
  return null;
}

/**
 * The time of the last line that contains one, within the last 64 KiB before `end`; null if there is none.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { Buffer } from "node:buffer";
 * import { readLastTime } from "./line_times.ts";
 *
 * const bytes = Buffer.from(
 *   "2024-10-01T05:00:01Z stdout F one\n2024-10-01T05:00:09Z stdout F two\n",
 * );
 * const readAt = (offset: number, into: Uint8Array) => bytes.copy(into, 0, offset);
 * const source = { size: bytes.length, readAt };
 * assert.deepEqual(readLastTime(source, source.size), { seconds: 1727758809, nanos: 0 });
 * ```
 */
export function readLastTime(source: ByteSource, end: number): Instant | null {
  const from = Math.max(0, end - LAST_TIME_BYTES);
  const bytes = new Uint8Array(end - from);
  return lastTimeIn(bytes.subarray(0, source.readAt(from, bytes)));
}

/**
 * The time of the last line in the bytes that contains one; the bytes may begin in the middle of a line.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { lastTimeIn } from "./line_times.ts";
 *
 * const text = "amid a line\n2024-10-01T05:00:09Z stdout F two\nand no time";
 * const time = lastTimeIn(new TextEncoder().encode(text));
 * assert.deepEqual(time, { seconds: 1727758809, nanos: 0 });
 * ```
 */
export function lastTimeIn(bytes: Uint8Array): Instant | null {
  for (let to = bytes.length; to > 0;) {
    const end = bytes[to - 1] === LF ? to - 1 : to;
    const start = end === 0 ? 0 : bytes.lastIndexOf(LF, end - 1) + 1;
    const time = timeOfLine(bytes, start, end);
    if (time !== null) return time;
    to = start;
  }
  // The time of a Docker line is at its end, so the end of a line is enough.
  const at = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).lastIndexOf(DOCKER_TIME);
  const found = at >= 0 && timeReader.read(bytes, at + DOCKER_TIME.length, bytes.length) >= 0;
  return found ? { seconds: timeReader.seconds, nanos: timeReader.nanos } : null;
}

function unterminatedLine(text: Uint8Array, from: number): { time: Instant; to: number } | null {
  let at = from;
  while (text[at] === 0) at++;
  // The time of a CRI line is complete when it is followed by a space.
  const end = timeReader.read(text, at, text.length);
  if (end < 0 || end >= text.length) return null;
  return { time: { seconds: timeReader.seconds, nanos: timeReader.nanos }, to: 0 };
}

function timeOfLine(bytes: Uint8Array, from: number, to: number): Instant | null {
  let at = from;
  while (at < to && bytes[at] === 0) at++;
  const parser: LineParser = bytes[at] === BRACE ? docker : cri;
  if (at >= to || !parser.parse(bytes, at, to)) return null;
  return { seconds: parser.seconds, nanos: parser.nanos };
}
