import { LRUCache } from "lru-cache";
import { InflatedBytes } from "../files/inflated_bytes.ts";
import type { FileIdentity } from "../files/log_file.ts";
import { lstat, type OpenFile, openFile } from "../platform/files.ts";
import type { ByteSource } from "../scan/time_window.ts";

const MAX_FILES = 4;

/** The most recently read files of a worker, kept open from piece to piece. Owned by one worker. */
export class OpenFiles {
  readonly #files = new LRUCache<string, OpenFile>({
    max: MAX_FILES,
    dispose: (file) => file.close(),
  });

  /** The file, or null if the path now leads elsewhere or may not be opened here. */
  get(identity: FileIdentity): ByteSource | null {
    const key = `${identity.dev}:${identity.ino}:${identity.path}`;
    const known = this.#files.get(key);
    const file = known ?? openSame(identity);
    if (file === null) return null;
    if (known === undefined) this.#files.set(key, file);
    return {
      get size() {
        return file.facts().size;
      },
      readAt: (offset, into) => file.readAt(offset, into),
    };
  }

  close(): void {
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
 * The most recently inflated files of a worker. Each is held open, so that no other file can have its device and inode,
 * until it has not been read for a while; then its memory is released. Owned by one thread.
 */
export class InflatedFiles {
  readonly #files = new LRUCache<string, InflatedFile>({
    max: MAX_INFLATED,
    dispose({ file, bytes }) {
      bytes[Symbol.dispose]();
      file.close();
    },
  });
  #timer: ReturnType<typeof setTimeout> | undefined;

  /** The inflated bytes, or null if the path now leads elsewhere or may not be opened here. */
  get(identity: FileIdentity): InflatedBytes | null {
    const key = `${identity.dev}:${identity.ino}`;
    let found = this.#files.get(key) ?? null;
    // A file that was still being written is inflated again.
    if (found !== null && found.file.facts().size !== found.size) {
      this.#files.delete(key);
      found = null;
    }
    if (found === null) {
      found = inflateSame(identity);
      if (found === null) return null;
      this.#files.set(key, found);
    }
    found.usedAt = performance.now();
    this.#timer ??= setTimeout(() => this.#closeUnused(), INFLATED_LIFETIME_MS);
    return found.bytes;
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#files.clear();
  }

  #closeUnused(): void {
    this.#timer = undefined;
    const before = performance.now() - INFLATED_LIFETIME_MS;
    for (const [key, { usedAt }] of [...this.#files]) {
      if (usedAt <= before) this.#files.delete(key);
    }
    if (this.#files.size > 0) {
      this.#timer = setTimeout(() => this.#closeUnused(), INFLATED_LIFETIME_MS);
    }
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
    // Checked before opening: opening a FIFO waits for its writer.
    const before = lstat(path);
    if (!before.isFile || before.dev !== dev || before.ino !== ino) return null;
    file = openFile(path);
    const facts = file.facts();
    if (facts.isFile && facts.dev === dev && facts.ino === ino) return file;
  } catch {
    // Gone, or unreadable for this thread: the owner has it open and reads it.
  }
  file?.close();
  return null;
}
