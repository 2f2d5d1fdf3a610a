import { writeVarint } from "./varint.ts";
import type { LineParser } from "./lines.ts";

/** Room for all of a frame but its message: gRPC header 5, fields and lengths. */
const FRAME_OVERHEAD = 5 + 2 + 11 + 6 + 6 + 2;

/** Memory that grew beyond this for a long record is released. */
const MAX_KEPT_BYTES = 1 << 20;
/** Of shorter messages no call is made. */
const MIN_COPIED_BYTES = 24;

const noText = new Uint8Array(0);

/**
 * Collects records as gRPC frames: a zero byte (not compressed), the length as four bytes, then a
 * LogRecord of proto/cluster_agent.proto. Fields with default values are left out, as proto3 does.
 * The buffer is kept for the next piece; it grows to a scan's budget and one record.
 *
 * Behind the frames lies the text that messages are copied from, where the scan says so: copying within one array
 * makes no object, where copying from another one takes a view of it for each record, all of which are garbage then.
 * Owned by one scanner.
 */
export class FrameWriter {
  /** Frames in [0, capacity), the held text behind them. */
  #bytes = new Uint8Array(1 << 16);
  #capacity = this.#bytes.length;
  #length = 0;
  #held: Uint8Array = noText;
  #heldFrom = 0;
  #heldBytes = 0;

  get length(): number {
    return this.#length;
  }

  /**
   * Most of text[from, to), which stays as it is, will be added: its messages are cheaper then. Holds until the next call
   * or `take`, for these bytes alone.
   */
  hold(text: Uint8Array, from: number, to: number): void {
    this.#held = text;
    this.#heldFrom = from;
    this.#heldBytes = to - from;
    if (this.#capacity + this.#heldBytes > this.#bytes.length) this.#resize(this.#capacity);
    else this.#loadHeld();
  }

  /** Adds the record with the time of `line`, with the message `text[start, end)`, valid UTF-8. */
  add(line: LineParser, text: Uint8Array, start: number, end: number, isFinal: boolean): void {
    const messageLength = end - start;
    const needed = this.#length + messageLength + FRAME_OVERHEAD;
    if (needed > this.#capacity) this.#resize(Math.max(needed, this.#capacity * 2));
    const out = this.#bytes;
    const frame = this.#length;
    let p = frame + 7;
    if (line.seconds !== 0) {
      out[p++] = 0x08;
      p = writeVarint(out, p, line.seconds);
    }
    if (line.nanos !== 0) {
      out[p++] = 0x10;
      p = writeVarint(out, p, line.nanos);
    }
    out[frame + 5] = 0x0a;
    out[frame + 6] = p - frame - 7;
    if (messageLength > 0) {
      out[p++] = 0x12;
      p = writeVarint(out, p, messageLength);
      if (messageLength < MIN_COPIED_BYTES) {
        for (let i = start; i < end; i++) out[p++] = text[i]!;
      } else {
        const from = start - this.#heldFrom;
        if (text === this.#held && from >= 0 && from + messageLength <= this.#heldBytes) {
          const at = this.#capacity + from;
          out.copyWithin(p, at, at + messageLength);
        } else out.set(text.subarray(start, end), p);
        p += messageLength;
      }
    }
    if (isFinal) {
      out[p++] = 0x18;
      out[p++] = 1;
    }
    const length = p - frame - 5;
    out[frame] = 0;
    out[frame + 1] = length >>> 24;
    out[frame + 2] = length >>> 16;
    out[frame + 3] = length >>> 8;
    out[frame + 4] = length;
    this.#length = p;
  }

  /** Returns what was collected, in a buffer of its own, and starts over. */
  take(): Uint8Array<ArrayBuffer> {
    // A typed array's own slice() clears the memory first.
    const frames = this.#length === 0
      ? new Uint8Array(0)
      : new Uint8Array(this.#bytes.buffer.slice(0, this.#length));
    this.#length = 0;
    this.#held = noText;
    this.#heldBytes = 0;
    if (this.#bytes.length > MAX_KEPT_BYTES) {
      this.#capacity = 1 << 16;
      this.#bytes = new Uint8Array(this.#capacity);
    }
    return frames;
  }

  #resize(capacity: number): void {
    const bytes = new Uint8Array(capacity + this.#heldBytes);
    bytes.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = bytes;
    this.#capacity = capacity;
    this.#loadHeld();
  }

  #loadHeld(): void {
    const from = this.#heldFrom;
    this.#bytes.set(this.#held.subarray(from, from + this.#heldBytes), this.#capacity);
  }
}
