import type { LimitName } from "../../telemetry/events.ts";
import { HeaderMeter, type HeaderSize } from "./header_meter.ts";
import {
  FRAME_OVERHEAD,
  type Offense,
  type RequestLimits,
  UnfinishedRequests,
} from "./unfinished_requests.ts";

export interface FrameLimits extends RequestLimits {
  /** Maximum size of one call's decoded headers. */
  readonly headers: HeaderSize;
}

/** Bytes to be passed on: a header block, or the bytes between two of them. */
export interface Passed {
  readonly bytes: Uint8Array;
  /** The work that it causes: a header block opens a stream, and a larger one is more work. 0: negligible. */
  readonly units: number;
}

/** HTTP/2's connection preface (RFC 9113, section 3.4). */
const preface = new TextEncoder().encode("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const FRAME_HEADER_BYTES = 9;
/** SETTINGS_MAX_FRAME_SIZE as announced by node:http2: the protocol's default. */
const MAX_FRAME_BYTES = 16_384;
/** Frames of a header block: its text fits into few, so many would be empty ones. */
const MAX_BLOCK_FRAMES = 64;

const frameTypes = { data: 0, headers: 1, rstStream: 3, settings: 4, ping: 6, continuation: 9 };
const flags = { ack: 0x1, endStream: 0x1, endHeaders: 0x4, padded: 0x8, priority: 0x20 };

/** An incomplete header block: HEADERS and the additions of CONTINUATION frames. */
interface Block {
  readonly stream: number;
  readonly endStream: boolean;
  readonly fragments: Uint8Array[];
  readonly frames: Uint8Array[];
  bytes: number;
}

/**
 * Reads what a client sends over one HTTP/2 connection (RFC 9113) before the platform's library does. It passes on
 * whole frames, and a header block only when all of it has arrived and its decoded size is known. nghttp2 itself only
 * counts header pairs, and reads a whole burst before any JavaScript runs. Owned by one PortConnection.
 */
export class FrameGate {
  readonly #limits: FrameLimits;
  readonly #now: () => number;
  readonly #meter = new HeaderMeter();
  readonly #requests: UnfinishedRequests;
  /** The header sizes of recently opened streams that have not been taken yet. */
  readonly #headerSizes = new Map<number, HeaderSize>();
  #rest: Uint8Array = new Uint8Array(0);
  #restSinceMs: number;
  #prefaceSeen = 0;
  #block: Block | null = null;
  #offense: Offense | null = null;
  /** Frames since the last call of takeReplies that the library answers on its own. */
  #replies = 0;

  /** `now`: milliseconds. */
  constructor(limits: FrameLimits, now: () => number) {
    this.#limits = limits;
    this.#now = now;
    this.#requests = new UnfinishedRequests(limits, now);
    this.#restSinceMs = now();
  }

  /** What ended the connection; null if nothing has. */
  get offense(): Offense | null {
    return this.#offense;
  }

  /** Frames that are answered without a call (PING, SETTINGS), since the last call of this method. */
  takeReplies(): number {
    const replies = this.#replies;
    this.#replies = 0;
    return replies;
  }

  /** The size of a recently opened stream's headers; zero if it was taken before. */
  takeHeaderSize(stream: number): HeaderSize {
    const size = this.#headerSizes.get(stream) ?? { bytes: 0, pairs: 0 };
    this.#headerSizes.delete(stream);
    return size;
  }

  /** The streams whose requests are unfinished, and since when by the given clock. */
  get unfinished(): [stream: number, sinceMs: number][] {
    return this.#requests.list();
  }

  /**
   * Memory of the received parts of unfinished requests, header blocks and frames, in bytes; the library that reads on
   * may hold it.
   */
  get unfinishedMemory(): number {
    const block = this.#block === null
      ? 0
      : this.#block.bytes + this.#block.frames.length * FRAME_OVERHEAD;
    return this.#requests.memory + block + this.#rest.length;
  }

  /**
   * Since when a frame, a header block or the preface has been incomplete, in milliseconds by the given clock; null if
   * none is.
   */
  get incompleteSince(): number | null {
    const complete = this.#prefaceSeen === preface.length && this.#rest.length === 0 &&
      this.#block === null;
    return complete ? null : this.#restSinceMs;
  }

  /** The stream has closed: nothing of its request is kept any more. */
  closed(stream: number): void {
    this.#requests.finish(stream);
    this.#headerSizes.delete(stream);
  }

  /**
   * What may be passed on of this chunk and earlier ones, in order. Empty once there is an offense: nothing of an
   * offending chunk is passed on.
   */
  receive(chunk: Uint8Array): Passed[] {
    if (this.#offense !== null) return [];
    const wasComplete = this.incompleteSince === null;
    if (wasComplete) this.#restSinceMs = this.#now();
    const passed: Passed[] = [];
    let bytes = this.#rest.length === 0 ? chunk : concatenate([this.#rest, chunk]);
    if (this.#prefaceSeen < preface.length) bytes = this.#readPreface(bytes, passed);
    let at = 0;
    let passedTo = 0;
    while (this.#offense === null && bytes.length - at >= FRAME_HEADER_BYTES) {
      const length = (bytes[at]! << 16) | (bytes[at + 1]! << 8) | bytes[at + 2]!;
      if (length > MAX_FRAME_BYTES) {
        this.#offend("frames", `a frame of ${length} bytes`);
        break;
      }
      const end = at + FRAME_HEADER_BYTES + length;
      if (end > bytes.length) break;
      const inBlock = this.#readFrame(bytes.subarray(at, end));
      if (inBlock !== "passed") {
        if (at > passedTo) passed.push({ bytes: bytes.subarray(passedTo, at), units: 0 });
        if (inBlock !== "held") passed.push(open(concatenate(inBlock)));
        passedTo = end;
      }
      at = end;
    }
    if (this.#offense !== null) return [];
    if (at > passedTo) passed.push({ bytes: bytes.subarray(passedTo, at), units: 0 });
    // The incomplete frame is a different one than before.
    if (at > 0 && this.#block === null) this.#restSinceMs = this.#now();
    // A copy: the chunk's buffer may be large, and may be reused.
    this.#rest = new Uint8Array(bytes.subarray(at));
    return passed;
  }

  #readPreface(bytes: Uint8Array, passed: Passed[]): Uint8Array {
    const length = Math.min(bytes.length, preface.length - this.#prefaceSeen);
    for (let i = 0; i < length; i++) {
      if (bytes[i] !== preface[this.#prefaceSeen + i]) {
        this.#offend(null, "it does not begin with the HTTP/2 preface");
        return bytes;
      }
    }
    this.#prefaceSeen += length;
    passed.push({ bytes: bytes.subarray(0, length), units: 0 });
    return bytes.subarray(length);
  }

  /** Returns "passed", "held" for a header block that continues, or the whole block that ends here. */
  #readFrame(frame: Uint8Array): "passed" | "held" | Uint8Array[] {
    const type = frame[3]!;
    const flag = frame[4]!;
    const stream = ((frame[5]! & 0x7f) << 24) | (frame[6]! << 16) | (frame[7]! << 8) | frame[8]!;
    if (
      this.#block !== null && (type !== frameTypes.continuation || stream !== this.#block.stream)
    ) {
      this.#offend(null, "a header block is interrupted");
      return "held";
    }
    switch (type) {
      case frameTypes.headers: {
        const fragment = headersFragment(frame, flag);
        if (fragment === null) {
          this.#offend(null, "a HEADERS frame is malformed");
          return "held";
        }
        this.#block = {
          stream,
          endStream: hasEndStream(flag),
          fragments: [],
          frames: [],
          bytes: 0,
        };
        return this.#addToBlock(this.#block, frame, fragment, flag);
      }
      case frameTypes.continuation:
        if (this.#block === null) {
          this.#offend(null, "a CONTINUATION frame has no header block");
          return "held";
        }
        return this.#addToBlock(this.#block, frame, frame.subarray(FRAME_HEADER_BYTES), flag);
      case frameTypes.data:
        this.#check(
          this.#requests.receive(stream, frame.length - FRAME_HEADER_BYTES, hasEndStream(flag)),
        );
        return "passed";
      case frameTypes.rstStream:
        this.#requests.finish(stream);
        return "passed";
      case frameTypes.settings:
      case frameTypes.ping:
        if ((flag & flags.ack) === 0) this.#replies++;
        return "passed";
      default:
        return "passed";
    }
  }

  #addToBlock(
    block: Block,
    frame: Uint8Array,
    fragment: Uint8Array,
    flag: number,
  ): "held" | Uint8Array[] {
    // A copy: the block may end in a later chunk.
    const copy = new Uint8Array(frame); // Buffer's slice would be a view.
    const start = fragment.byteOffset - frame.byteOffset;
    block.frames.push(copy);
    block.fragments.push(copy.subarray(start, start + fragment.length));
    block.bytes += frame.length;
    const { headers } = this.#limits;
    if (block.bytes > headers.bytes + MAX_FRAME_BYTES || block.frames.length > MAX_BLOCK_FRAMES) {
      this.#offend("header-bytes", `a header block of more than ${headers.bytes} bytes`);
      return "held";
    }
    if ((flag & flags.endHeaders) === 0) return "held";
    this.#block = null;
    const size = this.#meter.measure(concatenate(block.fragments), headers);
    if (size === null) {
      this.#offend(
        "header-bytes",
        `headers of more than ${headers.bytes} bytes or ${headers.pairs} pairs, or malformed ones`,
      );
      return "held";
    }
    // Trailers that arrive before the call is known are not its headers.
    if (!this.#headerSizes.has(block.stream)) this.#headerSizes.set(block.stream, size);
    if (block.endStream) this.#requests.finish(block.stream);
    else this.#check(this.#requests.begin(block.stream));
    return block.frames;
  }

  #check(offense: Offense | null): void {
    if (offense !== null) this.#offend(offense.limit, offense.why);
  }

  #offend(limit: LimitName | null, why: string): void {
    this.#offense ??= { limit, why };
    this.#rest = new Uint8Array(0);
    this.#block = null;
    this.#requests.clear();
    this.#headerSizes.clear();
  }
}

function hasEndStream(flag: number): boolean {
  return (flag & flags.endStream) !== 0;
}

/** The header block part of a HEADERS frame (RFC 9113, section 6.2); null if the padding exceeds it. */
function headersFragment(frame: Uint8Array, flag: number): Uint8Array | null {
  let start = FRAME_HEADER_BYTES;
  let end = frame.length;
  if ((flag & flags.padded) !== 0) end -= frame[start++] ?? 0;
  if ((flag & flags.priority) !== 0) start += 5;
  return start > end ? null : frame.subarray(start, end);
}

/** A call with 50 groups costs about twice as much as one without. */
function open(bytes: Uint8Array): Passed {
  return { bytes, units: 1 + bytes.length / 1024 };
}

function concatenate(parts: readonly Uint8Array[]): Uint8Array {
  const [only] = parts;
  if (parts.length === 1 && only !== undefined) return only;
  const whole = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}
