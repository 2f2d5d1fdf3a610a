import { Gunzip } from "fflate";
import { collectGarbage } from "../platform/memory.ts";
import type { ByteSource } from "../scan/byte_source.ts";

/** So much inflated text is held at a time: of all compressed logs of a thread at most MAX_WINDOWS times that. */
const WINDOW_BYTES = 4 * 1024 * 1024;
const MAX_WINDOWS = 3;
/** How much is read of the compressed file at a time. Deflate makes at most a thousand times as much of it. */
const READ_BYTES = 32 * 1024;
const DENSE_READ_BYTES = 2 * 1024;
const DENSE_OUTPUT_BYTES = 1024 * 1024;
/** States from which inflating can continue, kept every so many bytes; twice as many apart where there are too many. */
const CHECKPOINT_BYTES = WINDOW_BYTES;
const MAX_CHECKPOINTS = 128;
/** The inflater leaves several buffers behind at each step: they are collected after so much text. */
const GARBAGE_BYTES = 8 * 1024 * 1024;

/** What is read of a compressed file. */
export interface CompressedFile {
  /** Bytes, compressed. */
  readonly size: number;
  readAt(offset: number, into: Uint8Array): number;
}

/** The windows of this thread that were used last, the newest at the end. */
const windows = new Map<string, Uint8Array>();
let lastId = 0;

/**
 * The inflated bytes of a gzip file (RFC 1952, one or more members), in bounded memory. Reading onwards inflates every
 * byte once; for a place before, inflating continues from the checkpoint before it, so that reading backward takes no
 * more than twice. Of a damaged file: the bytes before the damage. Owned by whoever holds the file open, who disposes of
 * it; then its memory is released.
 */
export class InflatedBytes implements ByteSource, Disposable {
  readonly #file: CompressedFile;
  readonly #id = ++lastId;
  readonly #checkpoints: Checkpoint[] = [];
  #spacing = CHECKPOINT_BYTES;
  #inflation: Inflation;
  #size: number | null = null;

  constructor(file: CompressedFile) {
    this.#file = file;
    this.#inflation = this.#continueFrom(null);
  }

  /** Bytes when inflated. Inflates everything the first time. */
  get size(): number {
    this.prepare(Infinity, () => false);
    return this.#size ?? 0;
  }

  /**
   * Inflates on until reading at the offset takes but one window more. False: paused before it came there; the next call
   * continues. An offset beyond the end is reached when the size is known.
   */
  prepare(offset: number, isPaused: () => boolean): boolean {
    const index = Math.floor(offset / WINDOW_BYTES);
    if (windows.has(this.#key(index))) return true;
    if (this.#size !== null && offset >= this.#size) return true;
    const begin = index * WINDOW_BYTES;
    const inflation = this.#inflationBefore(begin);
    while (inflation.offset < begin) {
      if (isPaused()) return false;
      const chunk = this.#next(inflation);
      if (chunk === null) break;
      const over = inflation.offset - begin;
      if (over > 0) inflation.putBack(chunk.subarray(chunk.length - over));
      else giveBack(chunk);
    }
    return true;
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
  }

  #key(index: number): string {
    return `${this.#id}:${index}`;
  }

  #window(index: number): Uint8Array {
    const key = this.#key(index);
    const window = windows.get(key) ?? this.#inflateWindow(index);
    windows.delete(key);
    windows.set(key, window);
    for (const oldest of windows.keys()) {
      if (windows.size <= MAX_WINDOWS) break;
      windows.delete(oldest);
    }
    return window;
  }

  #inflateWindow(index: number): Uint8Array {
    const begin = index * WINDOW_BYTES;
    this.prepare(begin, () => false);
    if (this.#size !== null && begin >= this.#size) return new Uint8Array(0);
    const inflation = this.#inflation;
    const window = new Uint8Array(WINDOW_BYTES);
    let length = 0;
    while (length < WINDOW_BYTES) {
      const chunk = this.#next(inflation);
      if (chunk === null) break;
      const part = chunk.subarray(0, WINDOW_BYTES - length);
      window.set(part, length);
      length += part.length;
      if (part.length < chunk.length) inflation.putBack(chunk.subarray(part.length));
      else giveBack(chunk);
    }
    return length < WINDOW_BYTES ? window.slice(0, length) : window;
  }

  /** The inflation that is under way, or one from a checkpoint nearer to the offset. */
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
    return chunk;
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

/** Frees a chunk's memory at once, not when garbage is collected. */
function giveBack(chunk: Uint8Array<ArrayBuffer>): void {
  chunk.buffer.transfer(0);
}

/** A state from which inflating can continue. */
interface Checkpoint {
  /** Of the inflated byte that comes next. */
  readonly offset: number;
  /** Of the compressed byte that is read next. */
  readonly read: number;
  readonly state: object;
}

/** One way through a compressed file, step by step. */
class Inflation {
  /** Of the inflated byte that comes next. */
  offset: number;
  /** How many bytes were inflated, those included that next() has not given yet. */
  inflated: number;
  readonly #file: CompressedFile;
  readonly #gunzip: Gunzip;
  readonly #onStep: (inflation: Inflation) => void;
  readonly #compressed = new Uint8Array(READ_BYTES);
  readonly #chunks: Uint8Array<ArrayBuffer>[] = [];
  #read: number;
  #readBytes = DENSE_READ_BYTES;
  #collectAt: number;
  #isOver = false;

  constructor(
    file: CompressedFile,
    from: Checkpoint | null,
    onStep: (inflation: Inflation) => void,
  ) {
    this.#file = file;
    this.#onStep = onStep;
    this.offset = this.inflated = from?.offset ?? 0;
    this.#collectAt = this.inflated + GARBAGE_BYTES;
    this.#read = from?.read ?? 0;
    this.#gunzip = new Gunzip((chunk) => {
      if (chunk.length === 0) return;
      this.#chunks.push(chunk as Uint8Array<ArrayBuffer>);
      this.inflated += chunk.length;
    });
    if (from !== null) Object.assign(this.#gunzip, structuredClone(from.state));
  }

  /** The next inflated bytes; null at the end, or where damage begins. */
  next(): Uint8Array<ArrayBuffer> | null {
    while (this.#chunks.length === 0 && !this.#isOver) this.#step();
    const chunk = this.#chunks.shift() ?? null;
    this.offset += chunk?.length ?? 0;
    return chunk;
  }

  /** The last bytes that next() has given come again. */
  putBack(rest: Uint8Array<ArrayBuffer>): void {
    if (rest.length === 0) return;
    this.#chunks.unshift(rest);
    this.offset -= rest.length;
  }

  /** The state after the last step. Of fflate's inflater all but its callbacks is plain data. */
  checkpoint(): Checkpoint {
    const fields = Object.entries(this.#gunzip).filter(([, value]) => typeof value !== "function");
    const state = structuredClone(Object.fromEntries(fields));
    return { offset: this.inflated, read: this.#read, state };
  }

  #step(): void {
    const compressed = this.#compressed.subarray(0, this.#readBytes);
    const count = this.#file.readAt(this.#read, compressed);
    this.#read += count;
    this.#isOver = count === 0 || this.#read >= this.#file.size;
    if (count === 0) return;
    const before = this.inflated;
    try {
      this.#gunzip.push(compressed.slice(0, count), this.#isOver);
    } catch {
      this.#isOver = true; // Damaged, or still being written: what came before counts.
    }
    // Little is read of what becomes very much, so that no step makes more than a few megabytes.
    const isDense = this.inflated - before > DENSE_OUTPUT_BYTES * (count / READ_BYTES);
    this.#readBytes = isDense ? DENSE_READ_BYTES : READ_BYTES;
    if (this.inflated >= this.#collectAt) {
      this.#collectAt = this.inflated + GARBAGE_BYTES;
      collectGarbage();
    }
    if (!this.#isOver) this.#onStep(this);
  }
}
