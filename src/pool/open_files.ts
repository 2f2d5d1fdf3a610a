import { lstat, type OpenFile, openFile } from "../platform/files.ts";
import type { ByteSource } from "../scan/time_window.ts";

/** Which file: its path, and the device and inode that must be found there. */
export interface FileIdentity {
  readonly path: string;
  readonly dev: number;
  readonly ino: number;
}

const MAX_FILES = 4;

/** The files that a worker read last, kept open from piece to piece. */
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
