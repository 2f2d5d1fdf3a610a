import type { LogSegment } from "./log_segment.ts";

/**
 * The segments of one log, oldest first: from the oldest one that is still read to the one that the runtime writes to.
 * It only keeps their order and their readers. Owned by the RotationTracker; followers read along it.
 */
export class SegmentChain implements Iterable<LogSegment> {
  readonly #segments: LogSegment[];
  readonly #readers = new Map<LogSegment, number>();

  constructor(first: LogSegment) {
    this.#segments = [first];
  }

  [Symbol.iterator](): Iterator<LogSegment> {
    return [...this.#segments].values();
  }

  /** The segment that is written to. A chain always has one; throws otherwise. */
  get current(): LogSegment {
    const last = this.#segments.at(-1);
    if (last === undefined) throw new Error("Cannot find the current segment: the chain is empty");
    return last;
  }

  append(segment: LogSegment): void {
    this.#segments.push(segment);
  }

  /** The segment after this one. */
  after(segment: LogSegment): LogSegment | null {
    return this.#segments[this.#segments.indexOf(segment) + 1] ?? null;
  }

  isRead(segment: LogSegment): boolean {
    return this.#readers.has(segment);
  }

  enter(segment: LogSegment): void {
    this.#readers.set(segment, (this.#readers.get(segment) ?? 0) + 1);
  }

  /** A reader is done with a segment. Returns the segments that have left the chain: nobody will read them any more. */
  leave(segment: LogSegment): LogSegment[] {
    const left = (this.#readers.get(segment) ?? 0) - 1;
    if (left > 0) this.#readers.set(segment, left);
    else this.#readers.delete(segment);
    // A new reader begins at the current segment, so segments older than the oldest one that is read can go.
    const oldest = this.#segments.findIndex((one) => this.#readers.has(one));
    const count = oldest < 0 ? this.#segments.length - 1 : oldest;
    return this.#segments.splice(0, count);
  }
}
