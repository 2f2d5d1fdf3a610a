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
  /** Of the source's file, where that is known already. */
  readonly now?: FileState;
  /** See contentChange. */
  readonly quick?: boolean;
  /** However much has come; otherwise a step at a time, and `unread` tells whether there is more. */
  readonly whole?: boolean;
}

const probe = new Uint8Array(1);

/**
 * What is known of a text that grows at its end: how far its lines are whole, how it begins and ends, and the lines
 * that came last. It is told what to read from each time, because the text may move to another file. Owned by the
 * LogSegment, which alone calls it.
 */
export class GrowingText {
  #known: KnownText = unknownText;
  #fingerprint = new GrowingFingerprint();
  #mtimeMs: FileState["mtimeMs"] = null;
  #fileSize = 0;
  #end = 0;
  #fresh: { readonly from: number; readonly bytes: Uint8Array } | null = null;

  /** What is known, as offsets and anchors. */
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

  /** Up to here it is known to have had bytes, even where they cannot be read any more. */
  get end(): number {
    return this.#end;
  }

  /** Of its last whole line; null where that shows none. */
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

  /** Are there bytes behind those that are known? */
  hasMore(source: LogSource): boolean {
    return source.readAt(this.#known.seen, probe) > 0;
  }

  /** Does the source still hold what is known? Only what lies in a plain file can change. */
  isIntact(source: LogSource): boolean {
    return !(source instanceof LogFile) || isIntact(source, this.#known);
  }

  /** Takes notice of what was written. "grown" only where whole lines have come. */
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

  /** An unterminated line counts as a line from now on: its end is not waited for any longer. */
  commitAll(): void {
    this.#known = { ...this.#known, committed: this.#known.seen };
  }

  /** The whole lines that came last, where `from` is where they begin and they are at hand still. */
  freshLines(from: number): Uint8Array | null {
    return this.#fresh?.from === from ? this.#fresh.bytes : null;
  }

  /** Frees the memory of the lines that came last. */
  forgetFreshLines(): void {
    this.#fresh = null;
  }

  /** May a file that begins like this hold the text? */
  mayBeHeldBy(fingerprint: Fingerprint): boolean {
    return this.#fingerprint.mayBeOf(fingerprint);
  }

  /** How much of the text does a file hold that begins like it? The end of what is known tells. */
  heldBy(source: LogSource): Holding {
    // Where it was seen before its first time came, all that was seen must be there.
    if (this.fingerprint.time === null) return isIntact(source, this.#known) ? "all" : "nothing";
    if (source.size < this.#known.committed) return "beginning";
    return isIntact(source, { ...this.#known, partial: [] }) ? "all" : "nothing";
  }

  /**
   * What was read is another text: it is read again. A file that is empty then was truncated, unless it was empty when it
   * was changed last (`emptyAtMs`, milliseconds since the epoch).
   */
  forget(emptyAtMs: number | "unknown" = "unknown"): void {
    this.#known = unknownText;
    this.#fingerprint = new GrowingFingerprint();
    this.#mtimeMs = emptyAtMs;
    this.#end = 0;
    this.#fresh = null;
  }

  /** The text lies in a copy from now on, which holds it as far as `holding` says. What is not known of it yet is read as by `grow`. */
  moveTo(
    copy: LogSource,
    holding: Exclude<Holding, "nothing">,
    { whole = false }: Pick<GrowOptions, "whole"> = {},
  ): void {
    this.#fresh = null;
    this.#fingerprint.replace(copy);
    // A copy that was made before the last lines came is read again, to know what it holds.
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
