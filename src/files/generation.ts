import type { FileFacts } from "../platform/files.ts";
import type { LogFormat } from "../scan/format.ts";
import type { ByteSource } from "../scan/time_window.ts";
import { LogFile, type LogSource } from "./log_file.ts";

/**
 * Bytes of a file's beginning that tell it from another, because a log's first line holds its time: at its begin in a
 * CRI log, at its end in a Docker log. Fewer than MIN_HEAD_BYTES tell nothing.
 */
export const HEAD_BYTES = 512;
export const MIN_HEAD_BYTES = 32;
/** Bytes before the end of what is known that must stay as they are. */
const TAIL_BYTES = 1024;
const BLOCK_BYTES = 64 * 1024;
const LF = 10;

/** Memory for what is read and only looked at: every event of every log comes by here, and none makes garbage. */
const scratch = new Uint8Array(BLOCK_BYTES);
const compared = new Uint8Array(TAIL_BYTES);

/**
 * One file's time as a container's log: from its creation, or from its truncation, until the next file or truncation.
 * It is the source of the ranges that are given out, so that a range which is read late still meets the right bytes:
 * the old descriptor, a copy that holds them, or nothing.
 *
 * - open: the runtime writes to it.
 * - sealed: a later generation is there; the runtime may still finish a line here.
 * - settled: what comes now comes late, and is given out when it comes.
 * - finished: nothing more comes.
 */
export class Generation implements ByteSource {
  #source: LogSource | null;
  #path: string;
  #head: Uint8Array = new Uint8Array(0);
  /** The bytes before tailEnd, which is the end of the last line that was seen with its newline. */
  #tail: Uint8Array = new Uint8Array(0);
  #tailEnd = 0;
  #mtimeMs = -1;
  #format: LogFormat = "cri";
  #committed = 0;
  #seen = 0;
  #knownEnd = 0;
  #lost = false;
  stage: "open" | "sealed" | "settled" | "finished" = "open";
  sealedAt = 0;
  /** How many followers have a position in it. */
  readers = 0;

  constructor(source: LogSource) {
    this.#source = source;
    this.#path = source.path;
  }

  get path(): string {
    return this.#path;
  }

  /** -1 where the bytes are to be had from no path any more. */
  get dev(): number {
    return this.#source?.dev ?? -1;
  }

  get ino(): number {
    return this.#source?.ino ?? -1;
  }

  get format(): LogFormat {
    if (this.#source !== null) this.#format = this.#source.format;
    return this.#format;
  }

  /** All bytes up to here are whole lines and may be given out. */
  get committed(): number {
    return this.#committed;
  }

  /** The known size: beyond `committed` lies a half line. */
  get seen(): number {
    return this.#seen;
  }

  get size(): number {
    return this.#seen;
  }

  /** So many bytes it is known to have held, whatever can still be read. */
  get knownEnd(): number {
    return this.#knownEnd;
  }

  /** What it held is gone, and no copy of it was found. */
  get lost(): boolean {
    return this.#lost;
  }

  /** Its descriptor was given back; it can be looked for by path. */
  get parked(): boolean {
    return this.#source === null && !this.#lost;
  }

  get hasHalfLine(): boolean {
    return this.#seen > this.#committed;
  }

  readAt(offset: number, into: Uint8Array): number {
    return this.#source?.readAt(offset, into) ?? 0;
  }

  /**
   * Takes notice of what was written. facts: of its own file, where they are known already. quick: the same size and
   * time of change mean that nothing has happened, though both could be the same by chance.
   * "truncated": the file is smaller, or other bytes stand before the end of what was known.
   */
  grow(
    options: { facts?: FileFacts | undefined; quick?: boolean } = {},
  ): "same" | "grown" | "truncated" {
    const source = this.#source;
    if (source === null || this.stage === "finished") return "same";
    const { size, mtimeMs } = options.facts ??
      (source instanceof LogFile ? source.facts() : { size: source.size, mtimeMs: 0 });
    if (size < this.#seen) return "truncated";
    const untouched = size === this.#seen && mtimeMs === this.#mtimeMs;
    if (untouched && (options.quick || size === 0)) return "same";
    // Empty as before but touched: it was written and cut off between two looks.
    if (size === 0 && this.#mtimeMs >= 0) return "truncated";
    if (!this.#headIsIn(source)) return "truncated";
    const before = this.#committed;
    if (!this.#readOn(source, size)) return "truncated";
    this.#mtimeMs = mtimeMs;
    return this.#committed > before ? "grown" : "same";
  }

  /** Counts a half last line as a line: its end will not come. */
  commitHalfLine(): void {
    this.#committed = this.#seen;
  }

  /** No more is taken notice of. */
  finish(): void {
    this.commitHalfLine();
    this.stage = "finished";
  }

  /** Does source hold all whole lines that are known of this generation, at the same offsets? Told by both ends. */
  isHeldBy(source: LogSource): boolean {
    if (this.#head.length < MIN_HEAD_BYTES || source.size < this.#tailEnd) return false;
    return this.#headIsIn(source) && isAt(source, this.#tailEnd - this.#tail.length, this.#tail);
  }

  /** Its first bytes, as far as they are known. */
  get head(): Uint8Array {
    return this.#head;
  }

  /** Gives its file away (to the generation after a truncation) and goes on with a copy, or lost. */
  replace(copy: LogSource | null): LogSource | null {
    const source = this.#source;
    this.#source = copy;
    if (copy === null) this.#lost = true;
    else {
      this.#path = copy.path;
      this.#readOn(copy, copy.size);
    }
    return source;
  }

  /** Gives the descriptor back until `replace` brings another. */
  park(): void {
    this.format;
    this.#source?.[Symbol.dispose]();
    this.#source = null;
  }

  close(): void {
    this.park();
    this.#lost = true;
  }

  #keepTail(bytes: Uint8Array): void {
    if (this.#tail.length !== bytes.length) {
      // Most tails are of full length; a shorter one grows with each line of a young file.
      const buffer = this.#tail.buffer.byteLength < TAIL_BYTES
        ? new ArrayBuffer(TAIL_BYTES)
        : this.#tail.buffer;
      this.#tail = new Uint8Array(buffer, 0, bytes.length);
    }
    this.#tail.set(bytes);
  }

  #headIsIn(source: LogSource): boolean {
    return isAt(source, 0, this.#head);
  }

  /** Reads what lies between the last known line and size; false where that is not what it must be. */
  #readOn(source: LogSource, size: number): boolean {
    const tailStart = this.#tailEnd - this.#tail.length;
    if (size - tailStart <= BLOCK_BYTES) {
      const bytes = scratch.subarray(0, size - tailStart);
      if (source.readAt(tailStart, bytes) < bytes.length) return false;
      if (!equal(bytes.subarray(0, this.#tail.length), this.#tail)) return false;
      const at = bytes.lastIndexOf(LF);
      if (tailStart + at >= this.#committed) {
        this.#committed = tailStart + at + 1;
        this.#tailEnd = this.#committed;
        this.#keepTail(bytes.subarray(Math.max(0, at + 1 - TAIL_BYTES), at + 1));
      }
    } else {
      if (!isAt(source, tailStart, this.#tail)) return false;
      const end = lastLineEnd(source, this.#committed, size);
      if (end === null) return false;
      if (end > this.#committed) {
        const tail = scratch.subarray(0, Math.min(TAIL_BYTES, end));
        if (source.readAt(end - tail.length, tail) < tail.length) return false;
        this.#committed = this.#tailEnd = end;
        this.#keepTail(tail);
      }
    }
    if (this.#head.length < HEAD_BYTES && this.#head.length < size) {
      const head = new Uint8Array(Math.min(HEAD_BYTES, size));
      if (source.readAt(0, head) < head.length) return false;
      this.#head = head;
    }
    this.#seen = size;
    this.#knownEnd = Math.max(this.#knownEnd, size);
    return true;
  }
}

/** The end of the last whole line in [from, to), from where there is none; null where the source ended before. */
function lastLineEnd(source: ByteSource, from: number, to: number): number | null {
  for (let end = to; end > from;) {
    const start = Math.max(from, end - BLOCK_BYTES);
    const bytes = scratch.subarray(0, end - start);
    if (source.readAt(start, bytes) < bytes.length) return null;
    const at = bytes.lastIndexOf(LF);
    if (at >= 0) return start + at + 1;
    end = start;
  }
  return from;
}

function isAt(source: ByteSource, offset: number, expected: Uint8Array): boolean {
  if (expected.length === 0) return true;
  const bytes = compared.subarray(0, expected.length);
  return source.readAt(offset, bytes) === bytes.length && equal(bytes, expected);
}

export function equal(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}
