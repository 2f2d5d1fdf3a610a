import type { ByteSource } from "./byte_source.ts";
import { firstNonNul } from "./lines.ts";

/**
 * Called between two steps of a search, each of which takes well under a millisecond. Returns a promise if it is
 * others' turn now.
 */
export type Breathe = () => Promise<void> | null;

/** Where to search in a source: offsets in bytes, at line boundaries. */
export interface SearchRange {
  readonly from: number;
  readonly to: number;
}

const LF = 0x0a;
/** How much a probe into the log reads, in bytes. */
export const PROBE_BYTES = 4096;
/** How much is read at a time when reading sequentially, in bytes. */
export const BLOCK_BYTES = 256 * 1024;

/**
 * A view into a range of a source: the bytes that were read last, and where the lines around them begin and end.
 * However long a line is, no more than a block of it is held. Created by a search for its own use.
 */
export class SourceWindow {
  readonly #source: ByteSource;
  readonly #from: number;
  readonly #to: number;
  readonly #breathe: Breathe;
  #bytes = new Uint8Array(PROBE_BYTES);
  /** #bytes contains the bytes [#start, #end) of the source. */
  #start = 0;
  #end = 0;

  constructor(source: ByteSource, range: SearchRange, breathe: Breathe) {
    this.#source = source;
    this.#from = range.from;
    this.#to = range.to;
    this.#breathe = breathe;
  }

  /** Where the range begins. */
  get from(): number {
    return this.#from;
  }

  /** Where the range ends. */
  get to(): number {
    return this.#to;
  }

  /** The offset up to which bytes are held. */
  get end(): number {
    return this.#end;
  }

  /** All bytes that are held. */
  get bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#end - this.#start);
  }

  /** The position in `bytes` of an offset of the source. */
  indexOf(offset: number): number {
    return offset - this.#start;
  }

  /** Gives others their turn, when it is time for that. */
  async breathe(): Promise<void> {
    const turn = this.#breathe();
    if (turn !== null) await turn;
  }

  /**
   * Makes the window hold [from, from + length), as far as the source has it, and returns how many of these bytes it
   * holds. When reading sequentially, it takes more at a time.
   */
  load(from: number, length: number): number {
    if (from < this.#start || from + length > this.#end) {
      const inARow = from > this.#start && from <= this.#end;
      const block = inARow ? Math.min(2 * (this.#end - this.#start), BLOCK_BYTES) : PROBE_BYTES;
      const wanted = Math.min(Math.max(length, block), this.#to - from);
      if (wanted > this.#bytes.length) this.#bytes = new Uint8Array(wanted);
      this.#start = from;
      this.#end = from + this.#source.readAt(from, this.#bytes.subarray(0, wanted));
    }
    return Math.max(0, Math.min(length, this.#end - from));
  }

  /** The offset of the first byte at or after `at` that is not NUL; `to` if there is none before that. */
  async afterNuls(at: number, to: number): Promise<number> {
    for (let offset = at; offset < to;) {
      const available = this.load(offset, Math.min(PROBE_BYTES, to - offset));
      if (available === 0) return to;
      const held = this.bytes.subarray(this.indexOf(offset));
      const found = firstNonNul(held);
      if (found < held.length) return offset + found;
      offset += held.length;
      await this.breathe();
    }
    return to;
  }

  /** The offset after the first LF at or after `at`; `before` if there is none. */
  async lineAfter(at: number, before: number): Promise<number> {
    for (let offset = at; offset < before;) {
      const available = this.load(offset, Math.min(PROBE_BYTES, before - offset));
      if (available === 0) return before; // The file has become shorter.
      const lf = this.bytes.indexOf(LF, this.indexOf(offset));
      if (lf >= 0) return Math.min(this.#start + lf + 1, before);
      offset = this.#end;
      await this.breathe();
    }
    return before;
  }

  /** The start of the line that continues at `end`. */
  async lineStart(end: number): Promise<number> {
    for (let to = end; to > this.#from;) {
      const low = Math.max(this.#from, to - BLOCK_BYTES);
      const available = this.load(low, to - low);
      const lf = this.#bytes.subarray(0, Math.min(available, to - low)).lastIndexOf(LF);
      if (lf >= 0) return low + lf + 1;
      to = low;
      await this.breathe();
    }
    return this.#from;
  }
}
