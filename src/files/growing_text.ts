import type { Instant } from "../scan/instant.ts";
import type { Fingerprint } from "./fingerprint.ts";
import { GrowingFingerprint } from "./growing_fingerprint.ts";
import { type Growth, isIntact, type KnownText, readGrowth, unknownText } from "./known_text.ts";
import { lastTimeIn } from "./line_times.ts";
import { LogFile, type LogSource } from "./log_file.ts";
import { type ContentChange, contentChange, type FileState } from "./transitions.ts";

/** How much of a text a file holds. */
export type Holding = "all" | "beginning" | "nothing";

export interface GrowOptions {
  /** State of the source's file, if already known. */
  readonly now?: FileState;
  /** See contentChange. */
  readonly quick?: boolean;
  /** Reads however much was appended; otherwise one step at a time, and `unread` says how much is left. */
  readonly whole?: boolean;
}

const probe = new Uint8Array(1);

/**
 * What is known of a text that grows at its end: up to where its lines are complete, how it begins and ends, and its
 * most recent lines. Each call passes the source to read from, because the text may move to another file. Owned by the
 * LogSegment, which alone calls it.
 */
export class GrowingText {
  #known: KnownText = unknownText;
  #fingerprint = new GrowingFingerprint();
  #mtimeMs: FileState["mtimeMs"] = null;
  #fileSize = 0;
  #end = 0;
  #fresh: { readonly from: number; readonly bytes: Uint8Array } | null = null;

  /** The known text, as offsets and anchors. */
  get known(): KnownText {
    return this.#known;
  }

  get fingerprint(): Fingerprint {
    return this.#fingerprint.value;
  }

  /** Bytes in its file when that was last examined. */
  get fileSize(): number {
    return this.#fileSize;
  }

  /** The offset up to which it is known to have had bytes, even if they can no longer be read. */
  get end(): number {
    return this.#end;
  }

  /** The time of its last whole line; null if that line has none. */
  get lastTime(): Instant | null {
    for (const { bytes } of this.#known.anchors) {
      const time = lastTimeIn(bytes);
      if (time !== null) return time;
    }
    return null;
  }

  /** Bytes in its file that the last growth left for the next one. */
  get unread(): number {
    return Math.max(0, this.#fileSize - this.#known.seen);
  }

  /** Whether there are bytes after the known ones. */
  hasMore(source: LogSource): boolean {
    return source.readAt(this.#known.seen, probe) > 0;
  }

  /** Whether the source still holds the known text. Only text in a plain file can change. */
  isIntact(source: LogSource): boolean {
    return !(source instanceof LogFile) || isIntact(source, this.#known);
  }

  /** Takes new writes into account. "grown" only if whole lines were added. */
  grow(source: LogSource, options: GrowOptions): ContentChange {
    const now = options.now ??
      (source instanceof LogFile ? source.facts() : { size: source.size, mtimeMs: 0 });
    const known = { size: this.#known.seen, mtimeMs: this.#mtimeMs };
    let growth: Growth | null = null;
    const change = contentChange(known, now, () => {
      if (now.size === known.size) return isIntact(source, this.#known);
      growth = growthOf(source, this.#known, now.size, options.whole ?? false);
      return growth !== null && this.#fingerprint.readOn(source, growth.text);
    }, { quick: options.quick ?? false });
    if (change === "truncated") return change;
    this.#mtimeMs = now.mtimeMs;
    this.#fileSize = now.size;
    return growth === null ? "same" : this.#accept(growth);
  }

  /** From now on, an unterminated line counts as a line: its end is no longer awaited. */
  commitAll(): void {
    this.#known = { ...this.#known, committed: this.#known.seen };
  }

  /** The most recent whole lines, if they begin at `from` and are still in memory. */
  freshLines(from: number): Uint8Array | null {
    return this.#fresh?.from === from ? this.#fresh.bytes : null;
  }

  /** Frees the memory of the most recent lines. */
  forgetFreshLines(): void {
    this.#fresh = null;
  }

  /** Whether a file that begins like this may hold the text. */
  mayBeHeldBy(fingerprint: Fingerprint): boolean {
    return this.#fingerprint.mayBeOf(fingerprint);
  }

  /** How much of the text a file that begins like it holds, judged by the end of the known text. */
  heldBy(source: LogSource): Holding {
    // If the file was seen before its first time appeared, everything that was seen must be there.
    if (this.fingerprint.time === null) return isIntact(source, this.#known) ? "all" : "nothing";
    if (source.size < this.#known.committed) return "beginning";
    return isIntact(source, { ...this.#known, partial: [] }) ? "all" : "nothing";
  }

  /**
   * What was read is another text, so it is read again. A file that is now empty was truncated, unless it was empty at
   * its last change (`emptyAtMs`, milliseconds since the epoch).
   */
  forget(emptyAtMs: number | "unknown" = "unknown"): void {
    this.#known = unknownText;
    this.#fingerprint = new GrowingFingerprint();
    this.#mtimeMs = emptyAtMs;
    this.#end = 0;
    this.#fresh = null;
  }

  /**
   * From now on, the text is in a copy, which holds it to the extent of `holding`. The part that is not known yet is
   * read as by `grow`.
   */
  moveTo(
    copy: LogSource,
    holding: Exclude<Holding, "nothing">,
    { whole = false }: Pick<GrowOptions, "whole"> = {},
  ): void {
    this.#fresh = null;
    this.#fingerprint.replace(copy);
    // A copy that was made before the last lines were written is read again, to determine its content.
    const base = holding === "beginning" ? unknownText : { ...this.#known, partial: [] };
    const { size } = copy;
    const growth = growthOf(copy, base, size, whole);
    if (growth !== null) this.#known = growth.text;
    this.#fileSize = size;
    this.#end = Math.max(this.#end, this.#known.seen);
  }

  #accept({ text, lines }: Growth): ContentChange {
    const from = this.#known.committed;
    this.#known = text;
    this.#end = Math.max(this.#end, text.seen);
    if (text.committed === from) return "same";
    this.#fresh = lines === null ? null : { from, bytes: lines };
    return "grown";
  }
}

/** Continues reading, unless the whole text was examined elsewhere: the text of a compressed file does not grow. */
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
