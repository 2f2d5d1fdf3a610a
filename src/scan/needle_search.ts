import { ByteSet } from "./byte_set.ts";
import { type Needle, selectivity } from "./needles.ts";
import { lineEnd, lineStart } from "./lines.ts";
import module from "./needle_search_wasm.js";

/** The search looks for this many bytes of each needle, and distinguishes this many kinds of needles. */
const WINDOW = 3;
const KINDS = 8;

const TABLES = 6 * 16;
/**
 * Where the bytes to search are, and how many bytes from elsewhere are copied here at once: they stay in the
 * processor's cache.
 */
const TEXT = 128;
const CHUNK = 256 * 1024;
/** Enough for a block of a piece and the rest of its last line. */
const TEXT_BYTES = 512 * 1024;

/**
 * How many windows may turn out not to be needles before the rest of a block is not searched, plus one more per this
 * many bytes. In a text crafted for it (`xxxxxxx` for the needle `xxxxxxxx`), every byte would be verified.
 */
const FREE_FAILURES = 1000;
const BYTES_PER_FAILURE = 64;

interface Exports {
  readonly memory: WebAssembly.Memory;
  find(at: number, end: number): number;
  find_spelled(
    at: number,
    end: number,
    first: number,
    second: number,
    third: number,
  ): number;
  line_start(from: number, at: number): number;
  line_end(at: number, end: number): number;
}

// One for all searches of this thread: each one copies in its tables before it searches, and its bytes if they are
// elsewhere.
const wasm = new WebAssembly.Instance(module).exports as unknown as Exports;
const memory = new Uint8Array(wasm.memory.buffer);

/**
 * Bytes read into this memory of the thread are searched without being copied, as long as no other bytes are searched.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { searchMemory } from "./needle_search.ts";
 *
 * assert.equal(searchMemory.length, 512 * 1024);
 * ```
 */
export const searchMemory: Uint8Array = memory.subarray(TEXT, TEXT + TEXT_BYTES);

/** A needle in the form in which it is verified: for each of its bytes, a table of those that may be there. */
interface Verified {
  readonly tables: readonly Uint8Array[];
  /** Which of its bytes the search looks for first. */
  readonly window: number;
}

/** Three positions of a needle, the rarest first, relative to the first of them in the needle. */
type Spelled = readonly [first: number, second: number, third: number];

/** Finds the needles of a set in bytes, at some gigabytes per second. Owned by one Pattern; one search at a time. */
export class NeedleSearch {
  readonly #tables = new Uint8Array(TABLES);
  readonly #needles: readonly Verified[];
  /** For a single needle that is spelled at enough positions. */
  readonly #spelled: Spelled | null;
  /** How far after a position the search looks for the rest of a needle. */
  readonly #reach: number;

  #bytes: Uint8Array = new Uint8Array(0);
  #to = 0;
  #failuresLeft = 0;
  /** The bytes of #bytes[#loaded, #loadedEnd) are in the memory, from TEXT + #loaded - #origin on. */
  #loaded = 0;
  #loadedEnd = 0;
  #origin = 0;

  constructor(needles: readonly Needle[]) {
    const places = needles.length === 1 ? rarestSpelled(needles[0]!) : null;
    if (places !== null) {
      const needle = needles[0]!;
      const window = Math.min(...places);
      places.forEach((place, k) => {
        const { byte, mask } = spelling(needle[place]!)!;
        this.#tables.fill(byte, k * 32, k * 32 + 16);
        this.#tables.fill(mask, k * 32 + 16, k * 32 + 32);
      });
      this.#spelled = [places[0] - window, places[1] - window, places[2] - window];
      this.#reach = Math.max(...this.#spelled);
      this.#needles = [{ tables: needle.map((set) => set.table()), window }];
      return;
    }
    this.#spelled = null;
    this.#reach = WINDOW - 1;
    this.#needles = needles.map((needle, i) => {
      const window = rarestWindow(needle);
      for (let place = 0; place < WINDOW; place++) {
        const set = needle[window + place] ?? ByteSet.range(0x00, 0xff);
        for (const byte of set.bytes()) {
          this.#tables[place * 32 + (byte & 15)]! |= 1 << (i % KINDS);
          this.#tables[place * 32 + 16 + (byte >> 4)]! |= 1 << (i % KINDS);
        }
      }
      return { tables: needle.map((set) => set.table()), window };
    });
  }

  /** Begins to search bytes[from, to). No other search may begin until this one has ended. */
  begin(bytes: Uint8Array, from: number, to: number): void {
    this.#bytes = bytes;
    this.#to = to;
    this.#failuresLeft = FREE_FAILURES + (to - from) / BYTES_PER_FAILURE;
    const isInMemory = bytes.buffer === memory.buffer;
    this.#loaded = from;
    this.#loadedEnd = isInMemory ? to : from;
    this.#origin = isInMemory ? TEXT - bytes.byteOffset : from;
    memory.set(this.#tables, 0);
  }

  /** Whether the last hit is a needle, or a position at which the search stopped verifying. */
  get isNeedle(): boolean {
    return this.#failuresLeft > 0;
  }

  /**
   * The first position of a needle that begins at `at` or later (or of a possible one, see `isNeedle`); -1: there is
   * none.
   */
  next(at: number): number {
    // A needle's window may be after its beginning.
    for (let place = at; place < this.#to; place++) {
      if (place < this.#loaded || place >= this.#loadedEnd) this.#load(place);
      const found = this.#find(place - this.#origin + TEXT, this.#loadedEnd - this.#origin + TEXT);
      if (found < 0) {
        place = this.#loadedEnd - 1;
        continue;
      }
      place = found - TEXT + this.#origin;
      if (this.#failuresLeft <= 0) return place;
      const start = this.#verify(place, at);
      if (start >= 0) return start;
      this.#failuresLeft--;
    }
    return -1;
  }

  /** Where the line that contains the byte at `at` begins, `from` or later. Valid for the last hit. */
  lineStart(at: number, from: number): number {
    if (from >= this.#loaded && at < this.#loadedEnd) {
      return wasm.line_start(from - this.#origin + TEXT, at - this.#origin + TEXT) +
        this.#origin - TEXT;
    }
    return lineStart(this.#bytes, from, at);
  }

  /** Where that line ends: the offset of its LF, or the end of the bytes. */
  lineEnd(at: number): number {
    if (at >= this.#loaded && at < this.#loadedEnd) {
      const end = wasm.line_end(at - this.#origin + TEXT, this.#loadedEnd - this.#origin + TEXT);
      if (end >= 0) return end + this.#origin - TEXT;
    }
    return lineEnd(this.#bytes, at, this.#to);
  }

  #find(at: number, end: number): number {
    return this.#spelled === null
      ? wasm.find(at, end)
      : wasm.find_spelled(at, end, ...this.#spelled);
  }

  /** The beginning, at `from` or later, of a needle whose window is at `place`; -1: there is none. */
  #verify(place: number, from: number): number {
    for (const { tables, window } of this.#needles) {
      const start = place - window;
      if (start < from || start + tables.length > this.#to) continue;
      let i = 0;
      while (i < tables.length && tables[i]![this.#bytes[start + i]!] === 1) i++;
      if (i === tables.length) return start;
    }
    return -1;
  }

  /** Copies in the bytes from `place` on. A window may reach beyond their end, into the bytes that follow. */
  #load(place: number): void {
    const end = Math.min(place + CHUNK, this.#to);
    const behind = Math.min(end + this.#reach, this.#to);
    memory.set(this.#bytes.subarray(place, behind), TEXT);
    this.#loaded = this.#origin = place;
    this.#loadedEnd = end;
  }
}

/** The bit in which upper and lower case of a letter differ. */
const CASE = 0x20;

/** What may be at a spelled position: a byte, ignoring the bits of the mask. Null: not a spelled position. */
function spelling(set: ByteSet): { byte: number; mask: number } | null {
  const [first, second, ...others] = set.bytes();
  if (first === undefined || others.length > 0) return null;
  if (second === undefined) return { byte: first, mask: 0 };
  return second === (first | CASE) ? { byte: second, mask: CASE } : null;
}

/**
 * The three rarest spelled positions of a needle, the rarest first, or two with the rarer one twice; null: there are
 * fewer. Among equally rare positions, those far apart are chosen: neighboring letters are also neighbors in other
 * words.
 */
function rarestSpelled(needle: Needle): readonly [number, number, number] | null {
  const places = [...needle.keys()].filter((place) => spelling(needle[place]!) !== null);
  const bits = (place: number) => needle[place]!.selectivity;
  const chosen: number[] = [];
  while (chosen.length < 3 && chosen.length < places.length) {
    const distance = (place: number) =>
      Math.min(needle.length, ...chosen.map((other) => Math.abs(place - other)));
    const [next] = places.filter((place) => !chosen.includes(place))
      .sort((a, b) => bits(b) - bits(a) || distance(b) - distance(a));
    chosen.push(next!);
  }
  const [first, second, third = second] = chosen;
  if (first === undefined || second === undefined || third === undefined) return null;
  return [first, second, third];
}

/** Where the rarest bytes are in the needle. */
function rarestWindow(needle: Needle): number {
  let best = 0;
  for (let at = 1; at + WINDOW <= needle.length; at++) {
    const isRarer = selectivity([needle.slice(at, at + WINDOW)]) >
      selectivity([needle.slice(best, best + WINDOW)]);
    if (isRarer) best = at;
  }
  return best;
}
