import { constants, gunzipSync } from "node:zlib";
import { Gunzip } from "fflate";
import { detectFormat, type LogFormat } from "../scan/format.ts";
import type { LogFile, LogSource } from "./log_file.ts";

/** So much inflated text is held at a time, of all compressed logs together at most MAX_WINDOWS times that. */
const WINDOW_BYTES = 16 * 1024 * 1024;
const MAX_WINDOWS = 3;
/** How much is read of the compressed file at a time. */
const READ_BYTES = 32 * 1024;
/** What is inflated to see how a log begins. */
const HEAD_READ_BYTES = 16 * 1024;

/** Inflated windows that were used last, the newest at the end. */
const windows = new Map<string, Uint8Array>();

/**
 * A compressed log (one or more gzip members) as a source of its inflated bytes. A log that inflates to one window
 * (kubelet rotates at 10 MiB) is inflated at once, natively; a larger one is inflated window by window, anew from
 * its beginning for a window before the last, so that memory stays bounded.
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
  #inflation: Inflation | null = null;

  constructor(file: LogFile) {
    this.#file = file;
    this.path = file.path;
    this.#key = `${file.dev}:${file.ino}:${file.size}`;
    this.format = detectFormat(file.path, this.head(HEAD_READ_BYTES)) ?? "cri";
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
    const inflation = new Inflation(this.#file);
    while (inflation.next() !== null);
    return inflation.offset;
  }

  /** Goes on where the last window ended, if it can: whoever reads forward inflates everything once. */
  #inflateWindow(index: number): Uint8Array {
    const begin = index * WINDOW_BYTES;
    const inflation = this.#inflation !== null && this.#inflation.offset <= begin
      ? this.#inflation
      : new Inflation(this.#file);
    this.#inflation = inflation;
    const window = new Uint8Array(WINDOW_BYTES);
    let length = 0;
    while (length < WINDOW_BYTES) {
      const at = inflation.offset;
      const chunk = inflation.next();
      if (chunk === null) break;
      const skip = Math.min(Math.max(0, begin - at), chunk.length);
      const part = chunk.subarray(skip, skip + WINDOW_BYTES - length);
      window.set(part, length);
      length += part.length;
      inflation.putBack(chunk.subarray(skip + part.length));
    }
    return length < WINDOW_BYTES ? window.slice(0, length) : window;
  }
}

/** One way through a compressed file, step by step. */
class Inflation {
  /** Of the inflated byte that comes next. */
  offset = 0;
  readonly #file: LogFile;
  readonly #gunzip: Gunzip;
  readonly #compressed = new Uint8Array(READ_BYTES);
  readonly #chunks: Uint8Array[] = [];
  #read = 0;
  #over = false;

  constructor(file: LogFile) {
    this.#file = file;
    this.#gunzip = new Gunzip((chunk) => {
      if (chunk.length > 0) this.#chunks.push(chunk);
    });
  }

  /** The next inflated bytes; null at the end, or where damage begins. */
  next(): Uint8Array | null {
    while (this.#chunks.length === 0 && !this.#over) this.#step();
    const chunk = this.#chunks.shift() ?? null;
    this.offset += chunk?.length ?? 0;
    return chunk;
  }

  /** The last bytes of what next() has given come again. */
  putBack(rest: Uint8Array): void {
    if (rest.length === 0) return;
    this.#chunks.unshift(rest);
    this.offset -= rest.length;
  }

  #step(): void {
    const count = this.#file.readAt(this.#read, this.#compressed);
    this.#read += count;
    this.#over = count === 0 || this.#read >= this.#file.size;
    if (count === 0) return;
    try {
      this.#gunzip.push(this.#compressed.slice(0, count), this.#over);
    } catch {
      this.#over = true; // Damaged, or still being written: what came before counts.
    }
  }
}
