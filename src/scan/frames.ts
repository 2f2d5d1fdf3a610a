import { writeVarint } from "./varint.ts";
import type { LineParser } from "./lines.ts";

/** Room for all of a frame but its message: gRPC header 5, fields and lengths. */
const FRAME_OVERHEAD = 5 + 2 + 11 + 6 + 6 + 2;

/** A buffer that grew beyond this for a long record is released. */
const MAX_KEPT_BYTES = 1 << 20;

/**
 * Collects records as gRPC frames: a zero byte (not compressed), the length as four bytes, then a
 * LogRecord of proto/cluster_agent.proto. Fields with default values are left out, as proto3 does.
 * The buffer is kept for the next piece; it grows to a scan's budget and one record.
 */
export class FrameWriter {
  #bytes = new Uint8Array(1 << 16);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Adds the record with the time of `line`, with the message `text[start, end)`, valid UTF-8. */
  add(line: LineParser, text: Uint8Array, start: number, end: number, isFinal: boolean): void {
    const messageLength = end - start;
    this.#reserve(messageLength + FRAME_OVERHEAD);
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
      if (messageLength < 64) {
        for (let i = start; i < end; i++) out[p++] = text[i]!;
      } else {
        out.set(text.subarray(start, end), p);
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
    const length = this.#length;
    this.#length = 0;
    const frames = this.#bytes.slice(0, length);
    if (this.#bytes.length > MAX_KEPT_BYTES) this.#bytes = new Uint8Array(1 << 16);
    return frames;
  }

  #reserve(room: number): void {
    const needed = this.#length + room;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}
