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
 * - closing: a later segment is there; the runtime may still finish a line here, and the later lines wait.
 * - settled: what comes now comes late, and is delivered when it comes.
 * - finished: nothing more comes.
 */
export type SegmentStage = "open" | "closing" | "settled" | "finished";

/** A file that holds a segment's bytes, open. */
export interface SegmentCopy {
  readonly source: LogSource;
  readonly holding: Exclude<Holding, "nothing">;
}

/**
 * One file's time as a container's log: from its creation, or from its truncation, until the next file or truncation.
 * It is the source of the ranges that are handed out, so that a range which is read late still finds the right bytes:
 * the old descriptor, a copy that holds them, or nothing. Held by the chain, which disposes of it; its readers read
 * from it.
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

  /** Null where the bytes cannot be read from a path. */
  get dev(): number | null {
    return this.#source.dev;
  }

  get ino(): number | null {
    return this.#source.ino;
  }

  /** Of a compressed file that workers inflate. */
  get compressed(): FileIdentity | undefined {
    return this.#source.compressed;
  }

  get format(): LogFormat {
    return this.#source.format;
  }

  get stage(): SegmentStage {
    return this.#stage;
  }

  /** When it was closed, milliseconds of the watcher's clock. */
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

  /** Bytes that are known; beyond `committed` lies an unterminated line. */
  get size(): number {
    return this.#text.known.seen;
  }

  /** Up to here it is known to have had bytes, even where they cannot be read any more. */
  get knownEnd(): number {
    return this.#text.end;
  }

  get fingerprint(): Fingerprint {
    return this.#text.fingerprint;
  }

  /** Has it shown nothing yet that tells it from another text? */
  get isUntimed(): boolean {
    const { time, timedTo } = this.fingerprint;
    return time === null && timedTo === 0;
  }

  get hasUnterminatedLine(): boolean {
    return this.size > this.committed;
  }

  /** Of its last whole line; null where that shows none. */
  get lastTime(): Instant | null {
    return this.#text.lastTime;
  }

  /** Bytes in its file when that was last examined. */
  get fileSize(): number {
    return this.#text.fileSize;
  }

  /** When its file was changed last, milliseconds since the epoch; null where it has none. */
  get mtimeMs(): number | null {
    const { current } = this.#source;
    return current instanceof LogFile ? current.facts().mtimeMs : null;
  }

  /** Are there bytes behind those that are known? */
  get hasMore(): boolean {
    const { current } = this.#source;
    return current !== null && this.#text.hasMore(current);
  }

  /** Has its file bytes that the last growth left for the next one? */
  get isBehind(): boolean {
    return this.#source.current instanceof LogFile && this.#stage !== "finished" &&
      this.#text.unread > 0;
  }

  /** What it held is gone, and no copy of it was found. */
  get isLost(): boolean {
    return this.#source.isLost;
  }

  /** Why bytes up to `knownEnd` cannot be read. */
  get lossCause(): LossCause {
    return this.#source.lossCause;
  }

  /** Its descriptor was closed; it can be found again by content. */
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

  /** Were bytes that were read since `epoch`, by path or through this segment, its own? */
  isIntact(epoch: number): boolean {
    const { current } = this.#source;
    return current !== null && epoch === this.epoch && this.#text.isIntact(current);
  }

  /** The whole lines that came last, where `from` is where they begin and they are at hand still. */
  freshLines(from: number): Uint8Array | null {
    return this.#text.freshLines(from);
  }

  /** Frees the memory of the lines that came last. */
  forgetFreshLines(): void {
    this.#text.forgetFreshLines();
  }

  /** Like `grow`, but looks only whether the file's size has changed: the cheapest question there is. */
  peek(): ContentChange {
    const { current } = this.#source;
    if (current === null || this.#stage === "finished") return "same";
    const { size } = current;
    return size === this.size ? "same" : this.grow({ now: { size, mtimeMs: null } });
  }

  /** Takes notice of what was written. "grown" only where whole lines have come. */
  grow(options: GrowOptions = {}): ContentChange {
    const { current } = this.#source;
    if (current === null || this.#stage === "finished") return "same";
    return this.#text.grow(current, options);
  }

  /** What was read is not its text: it is read again from its beginning. See GrowingText.forget. */
  forgetText(emptyAtMs?: number): void {
    this.#text.forget(emptyAtMs);
  }

  /** A later segment has come, `now` by the watcher's clock, milliseconds. */
  close(now: number): void {
    this.#stage = "closing";
    this.#closedAt = now;
  }

  /** An unterminated line counts as a line: its end is not waited for any longer. */
  settle(): void {
    this.#text.commitAll();
    this.#stage = "settled";
  }

  finish(): void {
    this.#text.commitAll();
    this.#stage = "finished";
  }

  /** Does a file begin like this segment? */
  mayBeHeldBy(fingerprint: Fingerprint): boolean {
    return this.#text.mayBeHeldBy(fingerprint);
  }

  /** How much of this segment does a file hold that begins like it? */
  heldBy(source: LogSource): Holding {
    return this.#text.heldBy(source);
  }

  /**
   * Reads from a copy from now on; null: there is none, and its bytes are lost. Returns what it was read from so far: a
   * truncation gives its file away to the segment after it.
   */
  replaceSource(copy: SegmentCopy | null): LogSource | null {
    const former = this.#source.replace(copy?.source ?? null);
    this.#text.forgetFreshLines();
    if (copy === null) return former;
    // One that was finished is not read on.
    this.#text.moveTo(copy.source, copy.holding, { whole: this.#stage === "finished" });
    if (this.#stage === "settled" || this.#stage === "finished") this.#text.commitAll();
    return former;
  }

  /** Gives the descriptor back until `replaceSource` brings another. */
  park(): void {
    this.#source.park();
  }

  /** Nobody will read it any more. */
  [Symbol.dispose](): void {
    this.#source[Symbol.dispose]();
  }
}
