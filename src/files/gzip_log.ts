import { constants, gunzipSync } from "node:zlib";
import { lstat, readDirectory } from "../platform/files.ts";
import { detectFormat, type LogFormat } from "../scan/format.ts";
import { inMemory } from "../scan/byte_source.ts";
import { type Fingerprint, fingerprintOf, readFingerprint } from "./fingerprint.ts";
import { InflatedBytes } from "./inflated_bytes.ts";
import type { FileIdentity, LogFile, LogSource } from "./log_file.ts";

/**
 * How much of the file is inflated to see how a log begins: the next size only if the previous one yields too little
 * text. Deflate expands at most a thousandfold, so at most a few hundred kilobytes more than necessary are inflated.
 */
const HEAD_READ_BYTES = [256, 512, 1024, 2048];
const MAX_HEAD_READ_BYTES = 2048;
const MAX_HEAD_BYTES = 64 * 1024;

/**
 * A compressed log as a source of its inflated bytes. Only its beginning is inflated before it is read. Workers inflate
 * it by `compressed`; `size` and `readAt` inflate it here, for cases that cannot wait for a worker. Owned by its
 * opener, which disposes of it.
 */
export class GzipLog implements LogSource {
  /** The bytes at the path are not those of this source. */
  readonly dev = null;
  readonly ino = null;
  readonly path: string;
  readonly #file: LogFile;
  #format: LogFormat | null = null;
  #inflated: InflatedBytes | null = null;

  constructor(file: LogFile) {
    this.#file = file;
    this.path = file.path;
  }

  get format(): LogFormat {
    return this.#format ??= detectFormat(this.path, this.head()) ?? "cri";
  }

  /** The compressed file, at its current path: a rotation may have renamed it. */
  get compressed(): FileIdentity {
    const { dev, ino } = this.#file;
    return { path: currentPath(this.#file) ?? this.path, dev, ino };
  }

  /** Size of the inflated text in bytes. For a damaged file: of what can be inflated before the damage. */
  get size(): number {
    return this.#bytes.size;
  }

  prepare(offset: number, isPaused: () => boolean): boolean {
    return this.#bytes.prepare(offset, isPaused);
  }

  readAt(offset: number, into: Uint8Array): number {
    return this.#bytes.readAt(offset, into);
  }

  /**
   * The fingerprint, if its beginning, or the whole of a small text, is enough; null: more would have to be inflated.
   */
  knownFingerprint(): Fingerprint | null {
    const head = this.head();
    const found = head[0] === 0 ? null : fingerprintOf(head);
    if (found !== null && found.timedTo > 0) return found;
    const text = this.wholeText(MAX_HEAD_BYTES);
    return text === null ? null : readFingerprint(inMemory(text));
  }

  /** The beginning of the text, at most `bytes` long, without inflating more than a little. */
  head(bytes = MAX_HEAD_BYTES): Uint8Array {
    let head = new Uint8Array(0);
    const compressed = new Uint8Array(MAX_HEAD_READ_BYTES);
    let count = 0;
    for (const length of HEAD_READ_BYTES) {
      count += this.#file.readAt(count, compressed.subarray(count, length));
      try {
        const inflated = gunzipSync(compressed.subarray(0, count), {
          finishFlush: constants.Z_SYNC_FLUSH,
        });
        head = new Uint8Array(inflated.subarray(0, bytes));
      } catch {
        continue; // Not gzip, damaged there, or the gzip header is longer than this.
      }
      if (head.length === bytes || count < length) break;
    }
    return head;
  }

  /** The whole text if it is no longer than `maxBytes` and the file is small; null otherwise. */
  wholeText(maxBytes: number): Uint8Array | null {
    const { size } = this.#file;
    if (size > maxBytes) return null;
    const compressed = new Uint8Array(size);
    const count = this.#file.readAt(0, compressed);
    try {
      return gunzipSync(compressed.subarray(0, count), { maxOutputLength: maxBytes });
    } catch {
      return null; // Too large, or damaged: the text before the damage is used.
    }
  }

  [Symbol.dispose](): void {
    this.#inflated?.[Symbol.dispose]();
    this.#file.close();
  }

  get #bytes(): InflatedBytes {
    return this.#inflated ??= new InflatedBytes(this.#file);
  }
}

/** Where the open file is: at its path, or in the same folder under another name. Null: it is gone. */
function currentPath({ path, dev, ino }: LogFile): string | null {
  const isAt = (path: string) => {
    try {
      const facts = lstat(path);
      return facts.dev === dev && facts.ino === ino;
    } catch {
      return false; // Gone.
    }
  };
  if (isAt(path)) return path;
  const folder = path.slice(0, path.lastIndexOf("/"));
  try {
    const paths = readDirectory(folder).map(({ name }) => `${folder}/${name}`);
    return paths.find((one) => one.endsWith(".gz") && isAt(one)) ?? null;
  } catch {
    return null; // The folder is gone too.
  }
}
