import type { LogFormat } from "../scan/format.ts";
import type { ByteSource } from "../scan/byte_source.ts";
import type { FileIdentity, FileNumbers, LogSource } from "./log_file.ts";

/** Why bytes were lost: truncated with no copy left, or removed before a slow reader reached them. */
export type LossCause = "truncated" | "removed";

/**
 * What a segment's bytes are currently read from: its file, a copy that holds them, or nothing, while the descriptor is
 * closed (parked) and after they were lost. Bytes that were read in an earlier epoch came from elsewhere. Owned by the
 * LogSegment, which alone calls it.
 */
export class SegmentSource implements ByteSource, FileNumbers {
  #current: LogSource | null;
  #path: string;
  #format: LogFormat = "cri";
  #lossCause: LossCause | null = null;
  #epoch = 0;

  constructor(source: LogSource) {
    this.#current = source;
    this.#path = source.path;
  }

  /** Null: there is nothing to read from. */
  get current(): LogSource | null {
    return this.#current;
  }

  get path(): string {
    return this.#path;
  }

  /** Null if the bytes cannot be read from a path. */
  get dev(): number | null {
    return this.#current?.dev ?? null;
  }

  get ino(): number | null {
    return this.#current?.ino ?? null;
  }

  /** For a compressed file that workers inflate. */
  get compressed(): FileIdentity | undefined {
    return this.#current?.compressed;
  }

  get format(): LogFormat {
    return this.#current?.format ?? this.#format;
  }

  get size(): number {
    return this.#current?.size ?? 0;
  }

  /** Changes with the source. */
  get epoch(): number {
    return this.#epoch;
  }

  /** Whether its descriptor was closed; it can be found again by content. */
  get isParked(): boolean {
    return this.#current === null && this.#lossCause === null;
  }

  /** Whether its content is gone, and no copy of it was found. */
  get isLost(): boolean {
    return this.#current === null && this.#lossCause !== null;
  }

  get lossCause(): LossCause {
    return this.#lossCause ?? "truncated";
  }

  readAt(offset: number, into: Uint8Array): number {
    return this.#current?.readAt(offset, into) ?? 0;
  }

  /** Reads from a copy from now on; null: there is none, and the bytes are lost. Returns the previous source. */
  replace(copy: LogSource | null): LogSource | null {
    const former = this.#take();
    this.#current = copy;
    if (copy !== null) this.#path = copy.path;
    else this.#lossCause = former === null ? "removed" : "truncated";
    return former;
  }

  /** Closes the descriptor until `replace` provides another source. */
  park(): void {
    this.#take()?.[Symbol.dispose]();
  }

  /** Nobody will read from it any more. Idempotent. */
  [Symbol.dispose](): void {
    this.park();
    this.#lossCause ??= "removed";
  }

  #take(): LogSource | null {
    const former = this.#current;
    // An empty file may have received its first line, and with it a format, since the format was last read.
    if (former !== null) this.#format = former.format;
    this.#current = null;
    this.#epoch++;
    return former;
  }
}
