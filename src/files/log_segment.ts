import type { Instant } from "../scan/instant.ts";
import type { LogFormat } from "../scan/format.ts";
import type { ByteSource } from "../scan/time_window.ts";
import type { Fingerprint } from "./fingerprint.ts";
import { GrowingFingerprint } from "./growing_fingerprint.ts";
import { lastTimeIn } from "./line_times.ts";
import { type Growth, isIntact, type KnownText, readGrowth, unknownText } from "./known_text.ts";
import { type FileIdentity, LogFile, type LogSource } from "./log_file.ts";
import { type ContentChange, contentChange, type FileState } from "./transitions.ts";

/**
 * - open: the runtime writes to it.
 * - closing: a later segment is there; the runtime may still finish a line here, and the later lines wait.
 * - settled: what comes now comes late, and is given out when it comes.
 * - finished: nothing more comes.
 */
export type SegmentStage = "open" | "closing" | "settled" | "finished";

/** Why bytes were lost: truncated with no copy left, or removed before a slow reader came to them. */
export type LossCause = "truncated" | "removed";

/** How much of a segment a file holds. */
export type Holding = "all" | "beginning" | "nothing";

const probe = new Uint8Array(1);

/**
 * One file's time as a container's log: from its creation, or from its truncation, until the next file or truncation. It
 * is the source of the ranges that are given out, so that a range which is read late still meets the right bytes:
 * the old descriptor, a copy that holds them, or nothing.
 */
export class LogSegment implements ByteSource {
  #source: LogSource | null;
  #path: string;
  #format: LogFormat = "cri";
  #text: KnownText = unknownText;
  readonly #fingerprint = new GrowingFingerprint();
  #mtimeMs: number | null = null;
  /** Of its file when that was last examined. */
  #fileSize = 0;
  #stage: SegmentStage = "open";
  #closedAt = 0;
  /** Up to here it is known to have had bytes, even where they cannot be read any more. */
  #knownEnd = 0;
  #lossCause: LossCause | null = null;
  /** Changes with the source: what was read from another one proves nothing. */
  #epoch = 0;
  #fresh: { readonly from: number; readonly bytes: Uint8Array } | null = null;

  constructor(source: LogSource) {
    this.#source = source;
    this.#path = source.path;
  }

  get path(): string {
    return this.#path;
  }

  /** Null where the bytes cannot be read from a path. */
  get dev(): number | null {
    return this.#source?.dev ?? null;
  }

  get ino(): number | null {
    return this.#source?.ino ?? null;
  }

  /** Of a compressed file that workers inflate. */
  get compressed(): FileIdentity | undefined {
    return this.#source?.compressed;
  }

  get format(): LogFormat {
    if (this.#source !== null) this.#format = this.#source.format;
    return this.#format;
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
    return this.#text.start;
  }

  /** All bytes up to here are whole lines and may be given out. */
  get committed(): number {
    return this.#text.committed;
  }

  /** Bytes that are known; beyond `committed` lies an unterminated line. */
  get size(): number {
    return this.#text.seen;
  }

  get knownEnd(): number {
    return this.#knownEnd;
  }

  get fingerprint(): Fingerprint {
    return this.#fingerprint.value;
  }

  /** Has no byte been seen of it? */
  get isEmpty(): boolean {
    return this.#text.seen === 0;
  }

  /** Are there bytes behind those that are known? */
  get hasMore(): boolean {
    return this.#source !== null && this.#source.readAt(this.#text.seen, probe) > 0;
  }

  /** Has its file bytes that the last growth left for the next one? */
  get isBehind(): boolean {
    return this.#source instanceof LogFile && this.#stage !== "finished" &&
      this.#text.seen < this.#fileSize;
  }

  /** Bytes in its file when that was last examined. */
  get fileSize(): number {
    return this.#fileSize;
  }

  /** Of its last whole line; null where that shows none. */
  get lastTime(): Instant | null {
    for (const { bytes } of this.#text.anchors) {
      const time = lastTimeIn(bytes);
      if (time !== null) return time;
    }
    return null;
  }

  get hasUnterminatedLine(): boolean {
    return this.#text.seen > this.#text.committed;
  }

  /** What it held is gone, and no copy of it was found. */
  get isLost(): boolean {
    return this.#source === null && this.#lossCause !== null;
  }

  /** Why bytes up to `knownEnd` cannot be had. */
  get lossCause(): LossCause {
    return this.#lossCause ?? "truncated";
  }

  /** Its descriptor was closed; it can be found again by content. */
  get isParked(): boolean {
    return this.#source === null && this.#lossCause === null;
  }

  /** Stays the same as long as its bytes come from the same file. */
  get epoch(): number {
    return this.#epoch;
  }

  /** The bytes are those of this segment only if `isIntact` says so afterwards. */
  readAt(offset: number, into: Uint8Array): number {
    return this.#source?.readAt(offset, into) ?? 0;
  }

  /** Were bytes that were read since `epoch`, by path or through this segment, its own? */
  isIntact(epoch: number): boolean {
    if (this.#source === null || epoch !== this.#epoch) return false;
    return !(this.#source instanceof LogFile) || isIntact(this.#source, this.#text);
  }

  /** The whole lines that came last, where `from` is where they begin and they are at hand still. */
  freshLines(from: number): Uint8Array | null {
    return this.#fresh?.from === from ? this.#fresh.bytes : null;
  }

  /** Frees the memory of the lines that came last. */
  forgetFreshLines(): void {
    this.#fresh = null;
  }

  /** Like `grow`, but looks only whether bytes have come behind the known ones: the cheapest question there is. */
  peek(): ContentChange {
    if (this.#source === null || this.#stage === "finished") return "same";
    return this.hasMore ? this.grow() : "same";
  }

  /**
   * Takes notice of what was written. "grown" only where whole lines have come.
   *
   * @param options.now of its own file, where that is known already
   * @param options.quick see contentChange
   * @param options.whole however much has come; otherwise a step at a time, and `isBehind` tells
   */
  grow(
    options: { readonly now?: FileState; readonly quick?: boolean; readonly whole?: boolean } = {},
  ): ContentChange {
    const source = this.#source;
    if (source === null || this.#stage === "finished") return "same";
    const now = options.now ??
      (source instanceof LogFile ? source.facts() : { size: source.size, mtimeMs: 0 });
    const known = { size: this.#text.seen, mtimeMs: this.#mtimeMs };
    let growth: Growth | null = null;
    const change = contentChange(known, now, () => {
      if (now.size === known.size) return isIntact(source, this.#text);
      growth = growthOf(source, this.#text, now.size, options.whole ?? false);
      return growth !== null && this.#fingerprint.readOn(source, growth.text);
    }, { quick: options.quick ?? false });
    if (change === "truncated") return change;
    this.#mtimeMs = now.mtimeMs;
    this.#fileSize = now.size;
    return growth === null ? "same" : this.#accept(growth);
  }

  /** A later segment has come, `now` by the watcher's clock, milliseconds. */
  close(now: number): void {
    this.#stage = "closing";
    this.#closedAt = now;
  }

  /** An unterminated line counts as a line: its end is not waited for any longer. */
  settle(): void {
    this.#commitAll();
    this.#stage = "settled";
  }

  finish(): void {
    this.#commitAll();
    this.#stage = "finished";
  }

  /** Does a file begin like this segment? */
  mayBeHeldBy(fingerprint: Fingerprint): boolean {
    return this.#fingerprint.mayBeOf(fingerprint);
  }

  /** How much of this segment does a file hold that begins like it? The end of what is known tells. */
  heldBy(source: LogSource): Holding {
    // Where it was seen before its first time came, all that was seen must be there.
    if (this.fingerprint.time === null) return isIntact(source, this.#text) ? "all" : "nothing";
    if (source.size < this.#text.committed) return "beginning";
    return isIntact(source, { ...this.#text, partial: [] }) ? "all" : "nothing";
  }

  /** Gives its file away to the segment after a truncation; its own bytes are lost, or come from a copy. */
  replaceSource(copy: LogSource | null, holding: Holding = "nothing"): LogSource | null {
    this.format;
    const former = this.#source;
    this.#source = copy;
    this.#epoch++;
    this.#fresh = null;
    if (copy === null) {
      this.#lossCause = former === null ? "removed" : "truncated";
      return former;
    }
    this.#path = copy.path;
    this.#fingerprint.replace(copy);
    // Of a copy that was made before the last lines came, what it holds is known anew.
    const base = holding === "beginning" ? unknownText : { ...this.#text, partial: [] };
    const growth = growthOf(copy, base, copy.size, true);
    if (growth !== null) this.#text = growth.text;
    if (this.#stage === "settled" || this.#stage === "finished") this.#commitAll();
    this.#knownEnd = Math.max(this.#knownEnd, this.#text.seen);
    return former;
  }

  /** Gives the descriptor back until `replaceSource` brings another. */
  park(): void {
    this.format;
    this.#source?.[Symbol.dispose]();
    this.#source = null;
    this.#epoch++;
  }

  /** Nobody will read it any more. */
  [Symbol.dispose](): void {
    this.park();
    this.#lossCause ??= "removed";
  }

  #commitAll(): void {
    this.#text = { ...this.#text, committed: this.#text.seen };
  }

  #accept({ text, lines }: Growth): ContentChange {
    const from = this.#text.committed;
    this.#text = text;
    this.#knownEnd = Math.max(this.#knownEnd, text.seen);
    if (text.committed === from) return "same";
    this.#fresh = lines === null ? null : { from, bytes: lines };
    return "grown";
  }
}

/** Reads on, unless the whole text was examined elsewhere: that of a file that was compressed does not grow. */
function growthOf(
  source: LogSource,
  known: KnownText,
  size: number,
  whole: boolean,
): Growth | null {
  const examined = source.examined?.() ?? null;
  return examined === null
    ? readGrowth(source, known, size, { whole })
    : { text: examined.text, lines: null };
}
