import { Gunzip } from "fflate";
import { collectGarbage } from "../platform/memory.ts";

/** How much of the compressed file is read at a time. Deflate expands it at most a thousandfold. */
const READ_BYTES = 32 * 1024;
const DENSE_READ_BYTES = 2 * 1024;
const DENSE_OUTPUT_BYTES = 1024 * 1024;
/** The inflater leaves several buffers behind at each step: they are collected after this much text. */
const GARBAGE_BYTES = 8 * 1024 * 1024;

/** The parts of a compressed file that are read. */
export interface CompressedFile {
  /** Bytes, compressed. */
  readonly size: number;
  readAt(offset: number, into: Uint8Array): number;
}

/** A state from which inflating can continue. */
export interface Checkpoint {
  /** Offset of the next inflated byte. */
  readonly offset: number;
  /** Offset of the next compressed byte. */
  readonly read: number;
  readonly state: object;
}

/** One pass through a compressed file, step by step: made by InflatedBytes to continue reading from a checkpoint. */
export class Inflation {
  /** Offset of the next inflated byte. */
  offset: number;
  /** How many bytes were inflated, including those that next() has not returned yet. */
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

  /** The last bytes that next() returned will be returned again. */
  putBack(rest: Uint8Array<ArrayBuffer>): void {
    if (rest.length === 0) return;
    this.#chunks.unshift(rest);
    this.offset -= rest.length;
  }

  /** The state after the last step. All of fflate's inflater except its callbacks is plain data. */
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
      this.#isOver = true; // Damaged, or still being written: the text before that is used.
    }
    // Data that expands a lot is read in small steps, so that no step creates more than a few megabytes.
    const isDense = this.inflated - before > DENSE_OUTPUT_BYTES * (count / READ_BYTES);
    this.#readBytes = isDense ? DENSE_READ_BYTES : READ_BYTES;
    if (this.inflated >= this.#collectAt) {
      this.#collectAt = this.inflated + GARBAGE_BYTES;
      collectGarbage();
    }
    if (!this.#isOver) this.#onStep(this);
  }
}
