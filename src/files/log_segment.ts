import type { ByteSource } from "../scan/byte_source.ts";
import type { LogFormat } from "../scan/format.ts";
import type { Instant } from "../scan/instant.ts";
import type { Fingerprint } from "./fingerprint.ts";
import { GrowingText, type GrowOptions, type Holding } from "./growing_text.ts";
import { type FileIdentity, LogFile, type LogSource } from "./log_file.ts";
import { type LossCause, SegmentSource } from "./segment_source.ts";
import type { ContentChange } from "./transitions.ts";

/**
 * - open: the runtime writes to it.
 * - closing: there is a later segment; the runtime may still finish a line here, and the later lines wait.
 * - settled: further lines are late, and are delivered when they arrive.
 * - finished: nothing more comes.
 */
export type SegmentStage = "open" | "closing" | "settled" | "finished";

/** An open file that holds a segment's bytes. */
export interface SegmentCopy {
  readonly source: LogSource;
  readonly holding: Exclude<Holding, "nothing">;
}

/**
 * The period in which one file was a container's log: from its creation or truncation until the next file or
 * truncation. It is the source of the ranges that are handed out, so that a range that is read late still finds the
 * right bytes: through the old descriptor, in a copy that holds them, or not at all. Held by the chain, which disposes
 * of it; its readers read from it.
 */
export class LogSegment implements ByteSource {
  readonly #source: SegmentSource;
  readonly #text = new GrowingText();
  #stage: SegmentStage = "open";
  #closedAt = 0;

  constructor(source: LogSource) {
    this.#source = new SegmentSource(source);
  }

  get path(): string {
    return this.#source.path;
  }

  /** Null if the bytes cannot be read from a path. */
  get dev(): number | null {
    return this.#source.dev;
  }

  get ino(): number | null {
    return this.#source.ino;
  }

  /** For a compressed file that workers inflate. */
  get compressed(): FileIdentity | undefined {
    return this.#source.compressed;
  }

  get format(): LogFormat {
    return this.#source.format;
  }

  get stage(): SegmentStage {
    return this.#stage;
  }

  /** When it was closed, in milliseconds of the watcher's clock. */
  get closedAt(): number {
    return this.#closedAt;
  }

  /** Where its text begins. */
  get start(): number {
    return this.#text.known.start;
  }

  /** All bytes up to here are whole lines and may be delivered. */
  get committed(): number {
    return this.#text.known.committed;
  }

  /** The number of known bytes; beyond `committed` is an unterminated line. */
  get size(): number {
    return this.#text.known.seen;
  }

  /** The offset up to which it is known to have had bytes, even if they can no longer be read. */
  get knownEnd(): number {
    return this.#text.end;
  }

  get fingerprint(): Fingerprint {
    return this.#text.fingerprint;
  }

  /** Whether nothing has been seen yet that distinguishes it from another text. */
  get isUntimed(): boolean {
    const { time, timedTo } = this.fingerprint;
    return time === null && timedTo === 0;
  }

  get hasUnterminatedLine(): boolean {
    return this.size > this.committed;
  }

  /** The time of its last whole line; null if that line has none. */
  get lastTime(): Instant | null {
    return this.#text.lastTime;
  }

  /** Bytes in its file when that was last examined. */
  get fileSize(): number {
    return this.#text.fileSize;
  }

  /** When its file was last modified, milliseconds since the epoch; null if it has none. */
  get mtimeMs(): number | null {
    const { current } = this.#source;
    return current instanceof LogFile ? current.facts().mtimeMs : null;
  }

  /** Whether there are bytes after the known ones. */
  get hasMore(): boolean {
    const { current } = this.#source;
    return current !== null && this.#text.hasMore(current);
  }

  /** Whether its file has bytes that the last growth left for the next one. */
  get isBehind(): boolean {
    return this.#source.current instanceof LogFile && this.#stage !== "finished" &&
      this.#text.unread > 0;
  }

  /** Whether its content is gone, and no copy of it was found. */
  get isLost(): boolean {
    return this.#source.isLost;
  }

  /** Why bytes up to `knownEnd` cannot be read. */
  get lossCause(): LossCause {
    return this.#source.lossCause;
  }

  /** Whether its descriptor was closed; it can be found again by content. */
  get isParked(): boolean {
    return this.#source.isParked;
  }

  /** Stays the same as long as its bytes come from the same file. */
  get epoch(): number {
    return this.#source.epoch;
  }

  /** The bytes are those of this segment only if `isIntact` says so afterwards. */
  readAt(offset: number, into: Uint8Array): number {
    return this.#source.readAt(offset, into);
  }

  /** Whether bytes that were read since `epoch`, by path or through this segment, were its own. */
  isIntact(epoch: number): boolean {
    const { current } = this.#source;
    return current !== null && epoch === this.epoch && this.#text.isIntact(current);
  }

  /** The most recent whole lines, if they begin at `from` and are still in memory. */
  freshLines(from: number): Uint8Array | null {
    return this.#text.freshLines(from);
  }

  /** Frees the memory of the most recent lines. */
  forgetFreshLines(): void {
    this.#text.forgetFreshLines();
  }

  /** Like `grow`, but only checks whether the file's size has changed, which is the cheapest check. */
  peek(): ContentChange {
    const { current } = this.#source;
    if (current === null || this.#stage === "finished") return "same";
    const { size } = current;
    return size === this.size ? "same" : this.grow({ now: { size, mtimeMs: null } });
  }

  /** Takes new writes into account. "grown" only if whole lines were added. */
  grow(options: GrowOptions = {}): ContentChange {
    const { current } = this.#source;
    if (current === null || this.#stage === "finished") return "same";
    return this.#text.grow(current, options);
  }

  /** What was read is not its text, so it is read again from its beginning. See GrowingText.forget. */
  forgetText(emptyAtMs?: number): void {
    this.#text.forget(emptyAtMs);
  }

  /** There is a later segment, since `now` in milliseconds of the watcher's clock. */
  close(now: number): void {
    this.#stage = "closing";
    this.#closedAt = now;
  }

  /** From now on, an unterminated line counts as a line: its end is no longer awaited. */
  settle(): void {
    this.#text.commitAll();
    this.#stage = "settled";
  }

  finish(): void {
    this.#text.commitAll();
    this.#stage = "finished";
  }

  /** Whether a file begins like this segment. */
  mayBeHeldBy(fingerprint: Fingerprint): boolean {
    return this.#text.mayBeHeldBy(fingerprint);
  }

  /** How much of this segment a file that begins like it holds. */
  heldBy(source: LogSource): Holding {
    return this.#text.heldBy(source);
  }

  /**
   * Reads from a copy from now on; null: there is none, and its bytes are lost. Returns the previous source: after a
   * truncation, the file belongs to the next segment.
   */
  replaceSource(copy: SegmentCopy | null): LogSource | null {
    const former = this.#source.replace(copy?.source ?? null);
    this.#text.forgetFreshLines();
    if (copy === null) return former;
    // A finished segment is not read any further.
    this.#text.moveTo(copy.source, copy.holding, { whole: this.#stage === "finished" });
    if (this.#stage === "settled" || this.#stage === "finished") this.#text.commitAll();
    return former;
  }

  /** Closes the descriptor until `replaceSource` provides another source. */
  park(): void {
    this.#source.park();
  }

  /** Nobody will read it any more. */
  [Symbol.dispose](): void {
    this.#source[Symbol.dispose]();
  }
}
