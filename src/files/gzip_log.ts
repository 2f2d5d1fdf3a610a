import { constants, gunzipSync } from "node:zlib";
import { Gunzip } from "fflate";
import { detectFormat, type LogFormat } from "../scan/format.ts";
import type { LogFile, LogSource } from "./log_file.ts";

/** So much inflated text is held at a time, of all compressed logs together at most MAX_WINDOWS times that. */
const WINDOW_BYTES = 16 * 1024 * 1024;
const MAX_WINDOWS = 3;
/** How much is read of the compressed file at a time. */
const READ_BYTES = 256 * 1024;
/** What is inflated to see how a log begins. */
const HEAD_READ_BYTES = 16 * 1024;

/** Inflated windows that were used last, the newest at the end. */
const windows = new Map<string, Uint8Array>();

/**
 * A compressed log (one or more gzip members) as a source of its inflated bytes. A log that inflates to one window
 * (kubelet rotates at 10 MiB) is inflated once, natively; of a larger one the wanted window is inflated again from the
 * beginning, so that memory stays bounded.
 */
export class GzipLog implements LogSource {
  /** No worker must open the path: it would find the compressed bytes. */
  readonly dev = -1;
  readonly ino = -1;
  readonly path: string;
  readonly format: LogFormat;
  readonly #file: LogFile;
  readonly #key: string;
  #size: number | null = null;

  constructor(file: LogFile) {
    this.#file = file;
    this.path = file.path;
    this.#key = `${file.dev}:${file.ino}:${file.size}`;
    this.format = detectFormat(file.path, this.head(1));
  }

  /** Bytes when inflated. Of a damaged file: of what can be inflated before the damage. */
  get size(): number {
    return this.#size ??= this.#measure();
  }

  readAt(offset: number, into: Uint8Array): number {
    let count = 0;
    while (count < into.length) {
      const at = offset + count;
      const window = this.#window(Math.floor(at / WINDOW_BYTES));
      const part = window.subarray(at % WINDOW_BYTES, at % WINDOW_BYTES + into.length - count);
      if (part.length === 0) break;
      into.set(part, count);
      count += part.length;
    }
    return count;
  }

  /** The first bytes, without inflating more than a little. */
  head(bytes: number): Uint8Array {
    const compressed = new Uint8Array(HEAD_READ_BYTES);
    const count = this.#file.readAt(0, compressed);
    try {
      const inflated = gunzipSync(compressed.subarray(0, count), {
        finishFlush: constants.Z_SYNC_FLUSH,
      });
      return new Uint8Array(inflated.subarray(0, bytes));
    } catch {
      return new Uint8Array(0); // Not gzip, or damaged from the start.
    }
  }

  [Symbol.dispose](): void {
    this.#file.close();
  }

  #window(index: number): Uint8Array {
    const key = `${this.#key}:${index}`;
    let window = windows.get(key);
    if (window === undefined) {
      window = (index === 0 ? this.#whole() : null) ?? this.#inflateWindow(index);
    } else windows.delete(key);
    windows.set(key, window);
    for (const oldest of windows.keys()) {
      if (windows.size <= MAX_WINDOWS) break;
      windows.delete(oldest);
    }
    return window;
  }

  /** All bytes where they fit in one window; null otherwise. */
  #whole(): Uint8Array | null {
    if (this.#file.size > WINDOW_BYTES) return null;
    const compressed = new Uint8Array(this.#file.size);
    const count = this.#file.readAt(0, compressed);
    try {
      const whole = gunzipSync(compressed.subarray(0, count), { maxOutputLength: WINDOW_BYTES });
      this.#size = whole.length;
      return whole;
    } catch {
      return null; // Larger than a window, or damaged: what can be had is inflated step by step.
    }
  }

  #measure(): number {
    const first = this.#window(0);
    if (this.#size !== null) return this.#size;
    if (first.length < WINDOW_BYTES) return first.length;
    let size = 0;
    this.#inflate((chunk) => {
      size += chunk.length;
      return true;
    });
    return size;
  }

  #inflateWindow(index: number): Uint8Array {
    const begin = index * WINDOW_BYTES;
    const window = new Uint8Array(WINDOW_BYTES);
    let offset = 0;
    let length = 0;
    this.#inflate((chunk) => {
      const skip = Math.max(0, begin - offset);
      if (skip < chunk.length) {
        const part = chunk.subarray(skip, skip + WINDOW_BYTES - length);
        window.set(part, length);
        length += part.length;
      }
      offset += chunk.length;
      return length < WINDOW_BYTES;
    });
    return length < WINDOW_BYTES ? window.slice(0, length) : window;
  }

  /** Inflates from the beginning until `take` says that it has enough, the end, or damage. */
  #inflate(take: (chunk: Uint8Array) => boolean): void {
    let more = true;
    const gunzip = new Gunzip((chunk) => more = more && take(chunk));
    const compressed = new Uint8Array(READ_BYTES);
    const size = this.#file.size;
    try {
      for (let offset = 0; more && offset < size;) {
        const count = this.#file.readAt(offset, compressed);
        if (count === 0) return;
        offset += count;
        gunzip.push(compressed.slice(0, count), offset >= size);
      }
    } catch {
      // Damaged, or still being written: what came before counts.
    }
  }
}
