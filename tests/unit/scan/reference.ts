/**
 * The contract's section "Records" in the slowest and plainest way: split, parse, decide, encode. Shares no code with
 * src/scan.
 */
import { LogRecord } from "../../../src/generated/cluster_agent.ts";

export interface ReferenceRecord {
  readonly seconds: bigint;
  readonly nanos: number;
  readonly message: string;
  /** The text that grep sees. */
  readonly text: string;
  readonly isFinal: boolean;
}

export interface ReferenceLine {
  /** Offsets of the line with its newline. */
  readonly start: number;
  readonly end: number;
  /** Null: malformed. */
  readonly records: readonly ReferenceRecord[] | null;
}

const decoder = new TextDecoder("utf-8", { ignoreBOM: true });
const encoder = new TextEncoder();

export function referenceTime(text: string): { seconds: bigint; nanos: number } | null {
  const m =
    /^(\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?(?:([Zz])|([+-])(\d\d):(\d\d))$/
      .exec(text);
  if (m === null) return null;
  const [year, month, day, hour, minute, second] = m.slice(1, 7).map(Number) as [
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day) return null;
  if (hour > 23 || minute > 59 || second > 59) return null;
  let seconds = date.getTime() / 1000 + hour * 3600 + minute * 60 + second;
  if (m[9] !== undefined) {
    if (Number(m[10]) > 23 || Number(m[11]) > 59) return null;
    const offset = Number(m[10]) * 3600 + Number(m[11]) * 60;
    seconds += m[9] === "+" ? -offset : offset;
  }
  if (seconds < Date.parse("0001-01-01T00:00:00Z") / 1000) return null;
  if (seconds > Date.parse("9999-12-31T23:59:59Z") / 1000) return null;
  return { seconds: BigInt(seconds), nanos: Number((m[7] ?? "").padEnd(9, "0").slice(0, 9)) };
}

function parseLine(
  line: Uint8Array,
  format: "cri" | "docker",
): { seconds: bigint; nanos: number; text: string; isFinal: boolean } | null {
  if (format === "cri") {
    let latin1 = "";
    for (const byte of line) latin1 += String.fromCharCode(byte);
    const m = /^([^ ]+) (?:stdout|stderr) ([FP])(?::[^ ]*)?(?: ([^]*))?$/.exec(latin1);
    const time = m && referenceTime(m[1]!);
    if (!m || !time) return null;
    const message = Uint8Array.from(m[3] ?? "", (c) => c.charCodeAt(0));
    return { ...time, text: decoder.decode(message), isFinal: m[2] === "F" };
  }
  const text = decoder.decode(line);
  // A whole record may follow a cut-off one on the same line; of several possible beginnings, the last four are tried.
  const beginnings = [...text.matchAll(/\{"log":"/g)].map((match) => match.index).slice(-4);
  for (const at of [0, ...beginnings.reverse()]) {
    const parsed = parseDockerRecord(text.slice(at));
    if (parsed !== null) return parsed;
  }
  return null;
}

function parseDockerRecord(
  text: string,
): { seconds: bigint; nanos: number; text: string; isFinal: boolean } | null {
  let object: { log?: unknown; time?: unknown } | null;
  try {
    object = JSON.parse(text);
  } catch {
    return null;
  }
  if (typeof object?.log !== "string" || typeof object.time !== "string") return null;
  const time = referenceTime(object.time);
  if (time === null) return null;
  const log = object.log.toWellFormed();
  const isFinal = log.endsWith("\n");
  return { ...time, text: isFinal ? log.slice(0, -1) : log, isFinal };
}

/** All lines of a log with their records, with each over-long message split. */
export function referenceLines(
  bytes: Uint8Array,
  format: "cri" | "docker",
  maxRecordBytes: number,
): ReferenceLine[] {
  const lines: ReferenceLine[] = [];
  let start = 0;
  while (start < bytes.length) {
    let end = start;
    while (end < bytes.length && bytes[end] !== 10) end++;
    const next = Math.min(end + 1, bytes.length);
    let content = start;
    while (content < end && bytes[content] === 0) content++;
    const parsed = parseLine(bytes.subarray(content, end), format);
    if (parsed === null) {
      lines.push({ start, end: next, records: null });
    } else {
      const { seconds, nanos, text, isFinal } = parsed;
      const message = isFinal ? text.replace(/\p{White_Space}+$/u, "") : text;
      const parts: string[] = [""];
      let length = 0;
      for (const character of message) {
        const more = encoder.encode(character).length;
        if (length + more > maxRecordBytes) {
          parts.push("");
          length = 0;
        }
        parts[parts.length - 1] += character;
        length += more;
      }
      const records = parts.map((part, i) => {
        const last = i === parts.length - 1;
        return {
          seconds,
          nanos,
          message: part,
          text: last ? part + text.slice(message.length) : part,
          isFinal: last && isFinal,
        };
      });
      lines.push({ start, end: next, records });
    }
    start = next;
  }
  return lines;
}

/** A record as a gRPC frame. */
export function referenceFrame(record: ReferenceRecord): Uint8Array {
  const body = LogRecord.encode({
    timestamp: { seconds: record.seconds, nanos: record.nanos },
    message: record.message,
    is_final: record.isFinal,
  }).finish();
  const frame = new Uint8Array(5 + body.length);
  new DataView(frame.buffer).setUint32(1, body.length);
  frame.set(body, 5);
  return frame;
}
