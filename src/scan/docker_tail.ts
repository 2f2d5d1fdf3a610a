import { TimeReader } from "./rfc3339.ts";

const encoder = new TextEncoder();
const BEFORE_TIME = encoder.encode('"time":"');
const AFTER_LOG = encoder.encode('","stream":"');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const LETTER_N = 0x6e;
/** `2024-10-01T05:40:46.960135302+02:00` and any further digits. */
const MAX_TIME_BYTES = 64;

/**
 * Reads the end of a long line of Docker's json-file driver: its time, which comes last, and whether its text ends with
 * a newline. Finding a position by time does not need the text itself. Owned by the TimedLines of one search.
 */
export class DockerTail {
  seconds = 0;
  nanos = 0;
  isFinal = false;
  readonly #time = new TimeReader();

  /** `bytes[from, to)` is the end of the line, without its LF. False: it does not end like Docker's lines. */
  parse(bytes: Uint8Array, from: number, to: number): boolean {
    if (to - from < MAX_TIME_BYTES || bytes[to - 1] !== 0x7d || bytes[to - 2] !== QUOTE) {
      return false;
    }
    const key = lastIndexOf(bytes, BEFORE_TIME, to - MAX_TIME_BYTES, to);
    if (key < 0) return false;
    const time = key + BEFORE_TIME.length;
    if (this.#time.read(bytes, time, to) !== to - 2) return false;
    this.seconds = this.#time.seconds;
    this.nanos = this.#time.nanos;
    const log = lastIndexOf(bytes, AFTER_LOG, from + 2, key);
    this.isFinal = log >= 0 && endsWithNewline(bytes, from, log);
    return true;
  }
}

/**
 * Whether the JSON text in bytes[from, to) ends with `\n`. In `\\n` the backslash is escaped, and the n is just a
 * letter.
 */
function endsWithNewline(bytes: Uint8Array, from: number, to: number): boolean {
  if (bytes[to - 1] !== LETTER_N) return false;
  let backslashes = 0;
  while (to - 2 - backslashes >= from && bytes[to - 2 - backslashes] === BACKSLASH) backslashes++;
  return backslashes % 2 === 1;
}

/** The last position of `what` in bytes[from, to); -1: none. */
function lastIndexOf(bytes: Uint8Array, what: Uint8Array, from: number, to: number): number {
  for (let at = to - what.length; at >= from; at--) {
    at = bytes.lastIndexOf(what[0]!, at);
    if (at < from) return -1;
    if (what.every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}
