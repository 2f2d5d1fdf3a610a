import type { ByteSource } from "../scan/byte_source.ts";
import { firstNonNul } from "../scan/lines.ts";
import { type Checkpoint, type CompressedFile, Inflation } from "./inflation.ts";

/** How much inflated text is held at a time: at most MAX_WINDOWS times this for all compressed logs of a thread. */
const WINDOW_BYTES = 4 * 1024 * 1024;
const MAX_WINDOWS = 3;
/** The distance in bytes between two states from which inflating can continue; doubled if there are too many. */
const CHECKPOINT_BYTES = WINDOW_BYTES;
const MAX_CHECKPOINTS = 128;
/** A window of which the first bytes are inflated. */
interface Filling {
  readonly index: number;
  readonly bytes: Uint8Array;
  length: number;
}

/** The most recently used windows of this thread, the newest at the end. */
const windows = new Map<string, Uint8Array>();
let lastId = 0;
const LF = 0x0a;

/**
 * The inflated bytes of a gzip file (RFC 1952, one or more members), in bounded memory. Reading forward inflates every
 * byte once; for an earlier position, inflating continues from the checkpoint before it, so reading backward inflates
 * every byte at most twice. For a damaged file: the bytes before the damage. Owned by the holder of the open file,
 * which disposes of it; this releases its memory.
 */
export class InflatedBytes implements ByteSource, Disposable {
  readonly #file: CompressedFile;
  readonly #id = ++lastId;
  readonly #checkpoints: Checkpoint[] = [];
  #spacing = CHECKPOINT_BYTES;
  #inflation: Inflation;
  #size: number | null = null;
  /** The window that is being inflated. */
  #filling: Filling | null = null;
  /** All bytes up to here have been seen once. */
  #seen = 0;
  /** How many of the bytes at the beginning are NULs. */
  #nuls = 0;
  #lastLineEnd = 0;

  constructor(file: CompressedFile) {
    this.#file = file;
    this.#inflation = this.#continueFrom(null);
  }

  /** Size of the inflated text in bytes. Inflates everything the first time. */
  get size(): number {
    this.prepare(Infinity, () => false);
    return this.#size ?? 0;
  }

  /**
   * Inflates until the window at the offset is available. False: paused before that; the next call continues. An offset
   * beyond the end is reached when the size is known.
   */
  prepare(offset: number, isPaused: () => boolean): boolean {
    const index = Math.floor(offset / WINDOW_BYTES);
    if (windows.has(this.#key(index))) return true;
    if (this.#size !== null && offset >= this.#size) return true;
    const begin = index * WINDOW_BYTES;
    if (this.#begun(index) !== null) return this.#fillWindow(index, isPaused);
    const inflation = this.#inflationBefore(begin);
    while (inflation.offset < begin) {
      if (isPaused()) return false;
      const chunk = this.#next(inflation);
      if (chunk === null) break;
      const over = inflation.offset - begin;
      if (over > 0) inflation.putBack(chunk.subarray(chunk.length - over));
      else giveBack(chunk);
    }
    return this.#size !== null && offset >= this.#size || this.#fillWindow(index, isPaused);
  }

  /** Where the last line of the text inflated so far ends, after its LF; 0 if there is none yet. */
  get lastLineEnd(): number {
    return this.#lastLineEnd;
  }

  /**
   * Inflates until the first byte that is not NUL is found, and returns its offset; the size if there is none. Null:
   * paused before that; the next call continues.
   */
  prepareText(isPaused: () => boolean): number | null {
    while (this.#nuls === this.#seen && this.#size === null) {
      if (isPaused()) return null;
      const chunk = this.#next(this.#inflationBefore(this.#nuls));
      if (chunk !== null) giveBack(chunk);
    }
    return this.#nuls;
  }

  readAt(offset: number, into: Uint8Array): number {
    let count = 0;
    while (count < into.length) {
      const at = offset + count;
      const window = this.#window(Math.floor(at / WINDOW_BYTES));
      const part = window.subarray(at % WINDOW_BYTES, at % WINDOW_BYTES + into.length - count);
      if (part.length === 0) break;
      into.set(part, count);
      count += part.length;
    }
    return count;
  }

  [Symbol.dispose](): void {
    for (const key of [...windows.keys()]) {
      if (key.startsWith(`${this.#id}:`)) windows.delete(key);
    }
    this.#checkpoints.length = 0;
    this.#filling = null;
  }

  #key(index: number): string {
    return `${this.#id}:${index}`;
  }

  #window(index: number): Uint8Array {
    const key = this.#key(index);
    if (!windows.has(key)) this.prepare(index * WINDOW_BYTES, () => false);
    const window = windows.get(key) ?? new Uint8Array(0);
    if (windows.delete(key)) windows.set(key, window);
    return window;
  }

  /** The window, if it was begun and the inflation is at the point where that was paused. */
  #begun(index: number): Filling | null {
    const filling = this.#filling;
    const isBegun = filling?.index === index &&
      this.#inflation.offset === index * WINDOW_BYTES + filling.length;
    return isBegun ? filling : null;
  }

  /**
   * Inflates a window that begins at the current position of the inflation, or where it was paused within this window.
   */
  #fillWindow(index: number, isPaused: () => boolean): boolean {
    const inflation = this.#inflation;
    const filling = this.#begun(index) ??
      { index, bytes: new Uint8Array(WINDOW_BYTES), length: 0 };
    this.#filling = filling;
    while (filling.length < WINDOW_BYTES) {
      if (isPaused()) return false;
      const chunk = this.#next(inflation);
      if (chunk === null) break;
      const part = chunk.subarray(0, WINDOW_BYTES - filling.length);
      filling.bytes.set(part, filling.length);
      filling.length += part.length;
      if (part.length < chunk.length) inflation.putBack(chunk.subarray(part.length));
      else giveBack(chunk);
    }
    this.#filling = null;
    const { bytes, length } = filling;
    windows.set(this.#key(index), length < WINDOW_BYTES ? bytes.slice(0, length) : bytes);
    for (const oldest of windows.keys()) {
      if (windows.size <= MAX_WINDOWS) break;
      windows.delete(oldest);
    }
    return true;
  }

  /** The current inflation, or one from a checkpoint nearer to the offset. */
  #inflationBefore(offset: number): Inflation {
    const current = this.#inflation;
    const checkpoint = this.#checkpoints.findLast((one) => one.offset <= offset) ?? null;
    const isNear = current.offset <= offset && current.offset >= (checkpoint?.offset ?? 0);
    return isNear ? current : this.#inflation = this.#continueFrom(checkpoint);
  }

  #continueFrom(checkpoint: Checkpoint | null): Inflation {
    return new Inflation(this.#file, checkpoint, (inflation) => this.#keep(inflation));
  }

  #next(inflation: Inflation): Uint8Array<ArrayBuffer> | null {
    const chunk = inflation.next();
    if (chunk === null) this.#size = inflation.offset;
    else this.#learn(chunk, inflation.offset - chunk.length);
    return chunk;
  }

  /** Examines bytes that are seen for the first time. */
  #learn(chunk: Uint8Array, begin: number): void {
    if (begin > this.#seen) return;
    const fresh = chunk.subarray(this.#seen - begin);
    if (this.#nuls === this.#seen) this.#nuls += firstNonNul(fresh);
    const lf = fresh.lastIndexOf(LF);
    if (lf >= 0) this.#lastLineEnd = this.#seen + lf + 1;
    this.#seen += fresh.length;
  }

  /** Called between two steps of an inflation. */
  #keep(inflation: Inflation): void {
    const last = this.#checkpoints.at(-1)?.offset ?? 0;
    if (inflation.inflated - last < this.#spacing) return;
    this.#checkpoints.push(inflation.checkpoint());
    if (this.#checkpoints.length <= MAX_CHECKPOINTS) return;
    this.#spacing *= 2;
    const kept = this.#checkpoints.filter((_, i) => i % 2 === 1);
    this.#checkpoints.splice(0, this.#checkpoints.length, ...kept);
  }
}

/** Frees a chunk's memory at once, without waiting for garbage collection. */
function giveBack(chunk: Uint8Array<ArrayBuffer>): void {
  chunk.buffer.transfer(0);
}
