import { InflatedBytes } from "../files/inflated_bytes.ts";
import type { FileIdentity } from "../files/log_file.ts";
import { lstat, type OpenFile, openFile } from "../platform/files.ts";
import type { ByteSource } from "../scan/time_window.ts";

const MAX_FILES = 4;

/** The files that a worker read last, kept open from piece to piece. Owned by one worker. */
export class OpenFiles {
  readonly #files = new Map<string, OpenFile>();

  /** The file, or null where the path leads elsewhere by now or may not be opened here. */
  get(identity: FileIdentity): ByteSource | null {
    const key = `${identity.dev}:${identity.ino}:${identity.path}`;
    const file = this.#files.get(key) ?? openSame(identity);
    if (file === null) return null;
    this.#files.delete(key);
    this.#files.set(key, file);
    for (const [oldestKey, oldest] of this.#files) {
      if (this.#files.size <= MAX_FILES) break;
      this.#files.delete(oldestKey);
      oldest.close();
    }
    return {
      get size() {
        return file.facts().size;
      },
      readAt: (offset, into) => file.readAt(offset, into),
    };
  }

  close(): void {
    for (const file of this.#files.values()) file.close();
    this.#files.clear();
  }
}

/** How long the inflated bytes of a compressed file are kept without being read, milliseconds. */
const INFLATED_LIFETIME_MS = 10_000;
const MAX_INFLATED = 4;

interface InflatedFile {
  readonly file: OpenFile;
  readonly bytes: InflatedBytes;
  readonly size: number;
  usedAt: number;
}

/**
 * The compressed files that a worker inflated last. Each is held open, so that its device and inode are no other
 * file's, until it was not read for a while; then its memory is released. Owned by one thread.
 */
export class InflatedFiles {
  readonly #files = new Map<string, InflatedFile>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** The inflated bytes, or null where the path leads elsewhere by now or may not be opened here. */
  get(identity: FileIdentity): InflatedBytes | null {
    const key = `${identity.dev}:${identity.ino}`;
    let found = this.#files.get(key) ?? null;
    // One that was still being written is inflated anew.
    if (found !== null && found.file.facts().size !== found.size) {
      this.#close(key);
      found = null;
    }
    found ??= inflateSame(identity);
    if (found === null) return null;
    found.usedAt = performance.now();
    this.#files.delete(key);
    this.#files.set(key, found);
    for (const oldest of this.#files.keys()) {
      if (this.#files.size <= MAX_INFLATED) break;
      this.#close(oldest);
    }
    this.#timer ??= setTimeout(() => this.#closeUnused(), INFLATED_LIFETIME_MS);
    return found.bytes;
  }

  close(): void {
    clearTimeout(this.#timer);
    for (const key of [...this.#files.keys()]) this.#close(key);
  }

  #closeUnused(): void {
    this.#timer = undefined;
    const before = performance.now() - INFLATED_LIFETIME_MS;
    for (const [key, { usedAt }] of this.#files) if (usedAt <= before) this.#close(key);
    if (this.#files.size > 0) {
      this.#timer = setTimeout(() => this.#closeUnused(), INFLATED_LIFETIME_MS);
    }
  }

  #close(key: string): void {
    const found = this.#files.get(key);
    this.#files.delete(key);
    found?.bytes[Symbol.dispose]();
    found?.file.close();
  }
}

function inflateSame(identity: FileIdentity): InflatedFile | null {
  const file = openSame(identity);
  if (file === null) return null;
  const { size } = file.facts();
  const readAt = (offset: number, into: Uint8Array) => file.readAt(offset, into);
  return { file, bytes: new InflatedBytes({ size, readAt }), size, usedAt: 0 };
}

function openSame({ path, dev, ino }: FileIdentity): OpenFile | null {
  let file: OpenFile | null = null;
  try {
    // Looked at before it is opened: to open a FIFO is to wait for its writer.
    const before = lstat(path);
    if (!before.isFile || before.dev !== dev || before.ino !== ino) return null;
    file = openFile(path);
    const facts = file.facts();
    if (facts.isFile && facts.dev === dev && facts.ino === ino) return file;
  } catch {
    // Gone, or not readable for this thread: the owner has it open and reads it.
  }
  file?.close();
  return null;
}
