import { lineEnd, type LineParser, lineStart } from "./lines.ts";
import type { Search } from "./pattern.ts";

/** The lines of a block that are to be judged: all, or those in which a search found something. */
export class CandidateLines {
  /** The lines found last: `count` of them, in the order of the bytes. */
  count = 0;
  /** Offset of the first byte, and of the newline (or the end of the bytes). */
  starts = new Int32Array(1024);
  ends = new Int32Array(1024);
  /** 1: a needle lies in the message. */
  inMessage = new Uint8Array(1024);

  /** Takes all lines of bytes[from, to). */
  takeAll(bytes: Uint8Array, from: number, to: number): void {
    this.count = 0;
    for (let at = from; at < to;) {
      const end = lineEnd(bytes, at, to);
      this.#add(at, end, 0);
      at = end + 1;
    }
  }

  /**
   * Takes the lines of bytes[from, to) in which the search finds something. With a header's parser,
   * what it finds in a header does not count.
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
      const start = lineStart(bytes, from, found); // a needle has no newline in it
      const end = lineEnd(bytes, found, to);
      const isParsed = header !== null && header.parse(bytes, start, end);
      if (isParsed && found < header.start) {
        found = needles.next(header.start);
        if (found < 0 || found > end) continue; // what was found is a later line's
      }
      this.#add(start, end, isParsed && needles.isNeedle ? 1 : 0);
      found = needles.next(end);
    }
  }

  #add(start: number, end: number, inMessage: number): void {
    const index = this.count++;
    if (index === this.starts.length) this.#grow();
    this.starts[index] = start;
    this.ends[index] = end;
    this.inMessage[index] = inMessage;
  }

  #grow(): void {
    const { starts, ends, inMessage } = this;
    this.starts = new Int32Array(starts.length * 2);
    this.starts.set(starts);
    this.ends = new Int32Array(ends.length * 2);
    this.ends.set(ends);
    this.inMessage = new Uint8Array(inMessage.length * 2);
    this.inMessage.set(inMessage);
  }
}
