import { Failure } from "../failure/failure.ts";
import type { LogFormat } from "../scan/format.ts";
import { findCopy, type FoundCopy } from "./copy_search.ts";
import { Examinations, type ExamineCompressed, StillInflating } from "./followed_gzip.ts";
import type { FileIdentity, LogFile, LogSource, SourceVerifier } from "./log_file.ts";
import { LogSegment } from "./log_segment.ts";
import { readRotatedContents } from "./missed_rotations.ts";

/** How often a file that changes while it is examined is examined again. */
const ATTEMPTS = 3;
/** A shorter text without a time is not enough to identify a copy. */
const MIN_UNTIMED_BYTES = 512;

/**
 * A log's file as it was at one moment, for reads that end there. The file may be truncated and rewritten before it is
 * read: then its bytes come from the copy that was made of it, if there is one. Owned by the RecordSource, and disposed
 * of with it.
 */
export class WrittenLog implements LogSource, SourceVerifier {
  /** Its size at that moment, in bytes. */
  readonly size: number;
  readonly #segment: LogSegment;
  readonly #path: string;
  readonly #examine: ExamineCompressed;
  #end: number;
  #moves = 0;
  #isDisposed = false;

  /**
   * Owns the file from now on. Throws the platform's error if it cannot be read, after closing it.
   *
   * @param examine for a copy that was compressed since
   */
  constructor(file: LogFile, examine: ExamineCompressed) {
    this.#segment = new LogSegment(file);
    this.#path = file.path;
    this.#examine = examine;
    try {
      for (let i = 0; i < ATTEMPTS && this.#segment.grow() === "truncated"; i++);
    } catch (error) {
      this.#segment[Symbol.dispose]();
      throw error;
    }
    this.size = this.#end = this.#segment.fileSize;
  }

  get path(): string {
    return this.#segment.path;
  }

  get dev(): number | null {
    return this.#segment.dev;
  }

  get ino(): number | null {
    return this.#segment.ino;
  }

  get compressed(): FileIdentity | undefined {
    return this.#segment.compressed;
  }

  get format(): LogFormat {
    return this.#segment.format;
  }

  get verifier(): SourceVerifier {
    return this;
  }

  get epoch(): number {
    return this.#segment.epoch;
  }

  readAt(offset: number, into: Uint8Array): number {
    return this.#segment.readAt(offset, into);
  }

  isIntact(epoch: number): boolean {
    return this.#segment.isIntact(epoch);
  }

  get end(): number {
    return this.#end;
  }

  async moveToCopy(): Promise<void> {
    const { dev, ino } = this.#segment;
    const copy = this.#moves++ < ATTEMPTS ? await this.#findCopy(dev, ino) : null;
    if (this.#isDisposed) return copy?.source[Symbol.dispose]();
    this.#segment.replaceSource(copy)?.[Symbol.dispose]();
    this.#end = Math.min(this.size, copy === null ? 0 : this.#segment.size);
  }

  [Symbol.dispose](): void {
    this.#isDisposed = true;
    this.#segment[Symbol.dispose]();
  }

  async #findCopy(dev: number | null, ino: number | null): Promise<FoundCopy | null> {
    // The beginning of a line would be found in any file that begins alike.
    if (this.#segment.fingerprint.time === null && this.size < MIN_UNTIMED_BYTES) return null;
    using examinations = new Examinations(this.#examine);
    const open = examinations.open.bind(examinations);
    for (let attempt = 1;;) {
      try {
        const { contents } = readRotatedContents(this.#path, open);
        const candidates = contents.filter(({ file }) => file.dev !== dev || file.ino !== ino);
        return findCopy(this.#segment, candidates, { others: [], open });
      } catch (error) {
        if (error instanceof StillInflating) await error.ready;
        else if (!(error instanceof Failure)) throw error;
        else if (attempt++ === ATTEMPTS) return null; // Files are renamed or removed each time.
      }
    }
  }
}
