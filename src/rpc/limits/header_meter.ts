import { huffmanLength } from "./huffman_length.ts";

/** The size of a header list once decoded. */
export interface HeaderSize {
  /** Names and values, in bytes. */
  readonly bytes: number;
  readonly pairs: number;
}

/** Lengths of the names and values of the static table (RFC 7541, appendix A): index 1 is `:authority`. */
// deno-fmt-ignore
const staticLengths: readonly (readonly [name: number, value: number])[] = [
  [10, 0], [7, 3], [7, 4], [5, 1], [5, 11], [7, 4], [7, 5], [7, 3], [7, 3], [7, 3],
  [7, 3], [7, 3], [7, 3], [7, 3], [14, 0], [15, 13], [15, 0], [13, 0], [6, 0], [27, 0],
  [3, 0], [5, 0], [13, 0], [13, 0], [19, 0], [16, 0], [16, 0], [14, 0], [16, 0], [13, 0],
  [12, 0], [6, 0], [4, 0], [4, 0], [6, 0], [7, 0], [4, 0], [4, 0], [8, 0], [17, 0],
  [13, 0], [8, 0], [19, 0], [13, 0], [4, 0], [8, 0], [12, 0], [18, 0], [19, 0], [5, 0],
  [7, 0], [7, 0], [11, 0], [6, 0], [10, 0], [25, 0], [17, 0], [10, 0], [4, 0], [3, 0],
  [16, 0],
];

/** SETTINGS_HEADER_TABLE_SIZE as announced by node:http2: the protocol's default. */
const MAX_TABLE_BYTES = 4096;
/** What an entry of the table counts in addition to its text, in bytes (RFC 7541, section 4.1). */
const ENTRY_OVERHEAD = 32;

/**
 * Computes how large a header block becomes when HPACK (RFC 7541) decodes it, without decoding it: it only keeps the
 * lengths of the dynamic table's entries. 4 KiB of references to one long value become 16 MiB of text, which node:http2
 * notices only after creating it. Owned by one FrameGate.
 */
export class HeaderMeter {
  /** Lengths of names and values, newest first. */
  #table: [name: number, value: number][] = [];
  #tableBytes = 0;
  #tableLimit = MAX_TABLE_BYTES;

  /** Measures the next block of the connection. Null if it is malformed or exceeds the limit. */
  measure(block: Uint8Array, limit: HeaderSize): HeaderSize | null {
    let bytes = 0;
    let pairs = 0;
    const reader = new Reader(block);
    while (!reader.done) {
      const first = reader.peek();
      let field: readonly [name: number, value: number] | null;
      if ((first & 0x80) !== 0) {
        field = this.#entry(reader.integer(7));
      } else if ((first & 0xe0) === 0x20) {
        const size = reader.integer(5);
        if (size > MAX_TABLE_BYTES) return null;
        this.#tableLimit = size;
        this.#evict();
        continue;
      } else {
        const indexed = (first & 0xc0) === 0x40;
        const index = reader.integer(indexed ? 6 : 4);
        const name = index === 0 ? reader.text() : this.#entry(index)?.[0] ?? Number.NaN;
        field = [name, reader.text()];
        if (indexed && !reader.failed) this.#add(field);
      }
      if (field === null || reader.failed || Number.isNaN(field[0])) return null;
      pairs++;
      bytes += field[0] + field[1];
      if (pairs > limit.pairs || bytes > limit.bytes) return null;
    }
    return { bytes, pairs };
  }

  #entry(index: number): readonly [name: number, value: number] | null {
    return staticLengths[index - 1] ?? this.#table[index - 1 - staticLengths.length] ?? null;
  }

  #add(field: readonly [name: number, value: number]): void {
    this.#table.unshift([...field]);
    this.#tableBytes += field[0] + field[1] + ENTRY_OVERHEAD;
    this.#evict();
  }

  #evict(): void {
    while (this.#tableBytes > this.#tableLimit) {
      const [name, value] = this.#table.pop() ?? [0, 0];
      this.#tableBytes -= name + value + ENTRY_OVERHEAD;
    }
  }
}

/** Reads HPACK's primitives (RFC 7541, section 5). Once it has failed, its results are meaningless. */
class Reader {
  readonly #block: Uint8Array;
  #at = 0;
  failed = false;

  constructor(block: Uint8Array) {
    this.#block = block;
  }

  get done(): boolean {
    return this.failed || this.#at >= this.#block.length;
  }

  peek(): number {
    return this.#block[this.#at] ?? 0;
  }

  integer(prefixBits: number): number {
    const greatest = 2 ** prefixBits - 1;
    let value = this.#next() & greatest;
    if (value < greatest) return value;
    // Numbers of 2^28 and more are not meaningful here.
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.#next();
      value += (byte & 0x7f) << shift;
      if ((byte & 0x80) === 0) return value;
    }
    this.failed = true;
    return 0;
  }

  /** The length of the decoded text. */
  text(): number {
    const huffman = (this.peek() & 0x80) !== 0;
    const length = this.integer(7);
    const end = this.#at + length;
    if (this.failed || end > this.#block.length) {
      this.failed = true;
      return 0;
    }
    const text = this.#block.subarray(this.#at, end);
    this.#at = end;
    if (!huffman) return length;
    const decoded = huffmanLength(text);
    if (decoded === null) this.failed = true;
    return decoded ?? 0;
  }

  #next(): number {
    const byte = this.#block[this.#at++];
    if (byte === undefined) this.failed = true;
    return byte ?? 0;
  }
}
