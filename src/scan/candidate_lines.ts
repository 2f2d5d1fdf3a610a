import { lineEnd, type LineParser } from "./lines.ts";
import type { Search } from "./pattern.ts";

/** Headers are hardly ever longer: a hit beyond this is assumed to lie in the message until the line is judged. */
const USUAL_HEADER_BYTES = 64;

/** The lines of a block that must be judged: all, or those in which a search found something. Owned by one scanner. */
export class CandidateLines {
  /** The lines found last: `count` of them, in byte order. */
  count = 0;
  /** Offset of the first byte, and of the newline (or the end of the bytes). */
  starts = new Int32Array(1024);
  ends = new Int32Array(1024);
  /** Where a needle was found, which lies in the message unless it begins before the message; -1: unknown. */
  found = new Int32Array(1024);

  /** Takes all lines of bytes[from, to). */
  takeAll(bytes: Uint8Array, from: number, to: number): void {
    this.count = 0;
    for (let at = from; at < to;) {
      const end = lineEnd(bytes, at, to);
      this.#add(at, end, -1);
      at = end + 1;
    }
  }

  /**
   * Takes the lines of bytes[from, to) in which the search finds something. If a header parser is given, hits in a
   * header are ignored.
   */
  search(
    bytes: Uint8Array,
    from: number,
    to: number,
    search: Search,
    header: LineParser | null,
  ): void {
    const needles = search.choose(bytes, from, to);
    if (needles === null) return this.takeAll(bytes, from, to);
    this.count = 0;
    needles.begin(bytes, from, to);
    let found = needles.next(from);
    while (found >= 0) {
      const start = needles.lineStart(found, from); // a needle contains no newline
      const end = needles.lineEnd(found);
      if (
        header !== null && found - start < USUAL_HEADER_BYTES &&
        header.parse(bytes, start, end) && found < header.start
      ) {
        found = needles.next(header.start);
        if (found < 0 || found > end) continue; // the hit is in a later line
      }
      this.#add(start, end, needles.isNeedle ? found : -1);
      found = needles.next(end);
    }
  }

  #add(start: number, end: number, found: number): void {
    const index = this.count++;
    if (index === this.starts.length) this.#grow();
    this.starts[index] = start;
    this.ends[index] = end;
    this.found[index] = found;
  }

  #grow(): void {
    this.starts = twiceAsLong(this.starts);
    this.ends = twiceAsLong(this.ends);
    this.found = twiceAsLong(this.found);
  }
}

function twiceAsLong(numbers: Int32Array<ArrayBuffer>): Int32Array<ArrayBuffer> {
  const grown = new Int32Array(numbers.length * 2);
  grown.set(numbers);
  return grown;
}
