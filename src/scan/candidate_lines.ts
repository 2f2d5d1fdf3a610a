import type { Buffer } from "node:buffer";
import { lineEnd, type LineParser, lineStart } from "./lines.ts";
import type { Search } from "./pattern.ts";

/** The lines of a block that are to be judged: all, or those in which a search found something. */
export class CandidateLines {
  /** The lines found last: `count` of them, in the order of the bytes. */
  count = 0;
  /** Offset of the first byte, and of the newline (or the end of the bytes). */
  starts = new Int32Array(1024);
  ends = new Int32Array(1024);
  /** 1: the match lies in the message. */
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
   * matches in the header do not count.
   */
  search(
    bytes: Buffer,
    from: number,
    to: number,
    search: Search,
    header: LineParser | null,
  ): void {
    const block = bytes.toString("latin1", from, to);
    const regExp = search.choose(block);
    if (regExp === null) return this.takeAll(bytes, from, to);
    this.count = 0;
    regExp.lastIndex = 0;
    let found = regExp.test(block);
    while (found) {
      // A match is never empty and never holds a newline.
      const matchEnd = from + regExp.lastIndex;
      const start = lineStart(bytes, from, matchEnd);
      const end = lineEnd(bytes, matchEnd, to);
      let inMessage = 0;
      if (header !== null && header.parse(bytes, start, end)) {
        inMessage = 1;
        if (matchEnd - search.longest < header.start) {
          regExp.lastIndex = header.start - from;
          found = regExp.test(block);
          if (!found || from + regExp.lastIndex > end) continue; // what was found is a later line's
        }
      }
      this.#add(start, end, inMessage);
      regExp.lastIndex = end - from;
      found = regExp.test(block);
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
