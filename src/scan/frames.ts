import { writeVarint } from "./varint.ts";
import type { LineParser } from "./lines.ts";

/** Room for everything in a frame except its message: gRPC header 5, fields and lengths. */
const FRAME_OVERHEAD = 5 + 2 + 11 + 6 + 6 + 2;

/** Memory that grew beyond this size for a long record is released. */
const MAX_KEPT_BYTES = 1 << 20;
/** Shorter messages are copied in a loop, without a call. */
const MIN_COPIED_BYTES = 24;

const noText = new Uint8Array(0);

/**
 * Collects records as gRPC frames: a zero byte (not compressed), the length as four bytes, then a LogRecord of
 * proto/cluster_agent.proto. Fields with default values are omitted, as in proto3. The buffer is kept for the next
 * piece; it grows to a scan's budget plus one record.
 *
 * If the scan says so, the text from which messages are copied is held behind the frames: copying within one array
 * creates no objects, whereas copying from another array creates a view for each record, which becomes garbage. Owned
 * by one scanner.
 */
export class FrameWriter {
  /** Frames in [0, capacity), followed by the held text. */
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
   * Announces that most of text[from, to), which must not change, will be added: this makes adding its messages
   * cheaper. Valid until the next call or `take`, for these bytes only.
   */
  hold(text: Uint8Array, from: number, to: number): void {
    this.#held = text;
    this.#heldFrom = from;
    this.#heldBytes = to - from;
    if (this.#capacity + this.#heldBytes > this.#bytes.length) this.#resize(this.#capacity);
    else this.#loadHeld();
  }

  /** Adds a record with the time of `line` and the message `text[start, end)`, which must be valid UTF-8. */
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

  /** Returns the collected frames in a buffer of their own, and starts over. */
  take(): Uint8Array<ArrayBuffer> {
    // The constructor copies into memory that was not cleared first, as slice() would.
    const frames = new Uint8Array(this.#bytes.subarray(0, this.#length));
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
