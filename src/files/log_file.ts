import { Failure } from "../failure/failure.ts";
import * as files from "../platform/files.ts";
import type { OpenFile } from "../platform/files.ts";
import { detectFormat, type LogFormat } from "../scan/format.ts";

import type { ByteSource } from "../scan/time_window.ts";
import type { ExaminedText } from "./examined_text.ts";
import type { Fingerprint } from "./fingerprint.ts";
import { accessFailure, checkRegular, type LocatedLog } from "./locate.ts";
import { ledToOpened } from "./opened_path.ts";

/** How far the first non-empty line is searched for, past NULs and line feeds: it shows the format. */
const MAX_FORMAT_BYTES = 1024 * 1024;
const FORMAT_PROBE_BYTES = 16;
const FORMAT_STEP_BYTES = 64 * 1024;

/** The parts of a located log that are needed to open it; a rotated file has them too. */
export type LogIdentity = Pick<LocatedLog, "realPath" | "dev" | "ino">;

/**
 * Device and inode. They identify a file while it exists, but not its content: inode numbers are reused. Null: there is
 * no file.
 */
export interface FileNumbers {
  readonly dev: number | null;
  readonly ino: number | null;
}

/** Identifies a file: its path, and the device and inode that must be found there. */
export interface FileIdentity {
  readonly path: string;
  readonly dev: number;
  readonly ino: number;
}

/** Verifies what was read from a file that may be truncated while it is read. */
export interface SourceVerifier {
  /** Changes when the bytes come from another file. */
  readonly epoch: number;
  /**
   * Whether bytes that were read since the epoch were the source's own. Ask after reading, and before they are used.
   */
  isIntact(epoch: number): boolean;
  /** Where its text ends, in bytes: before the source's size if a copy holds less, at 0 if there is none. */
  readonly end: number;
  /** Reads from a copy from now on. */
  moveToCopy(): Promise<void>;
}

/** A log that can be read: an open file or an inflated one. */
export interface LogSource extends ByteSource, Disposable {
  /** For a compressed log: the file that a worker inflates. Its size here is not known without inflating it. */
  readonly compressed?: FileIdentity | undefined;
  /** For a compressed log: how its text begins. */
  head?(): Uint8Array;
  /** What was found out about a text elsewhere; null: read it from here. */
  examined?(): ExaminedText | null;
  /** For a file that may be written to while it is read. */
  readonly verifier?: SourceVerifier;
  knownFingerprint?(): Fingerprint | null;
  readonly path: string;
  /**
   * Device of the file at path; null if its bytes are not those of this source (inflated, or in memory), so it cannot
   * be opened by path.
   */
  readonly dev: number | null;
  readonly ino: number | null;
  readonly format: LogFormat;
}

/**
 * A log that is open for reading: the file that was located, even if its path leads to another one later. Owned by its
 * opener, which disposes of it.
 */
export class LogFile implements LogSource {
  readonly path: string;
  readonly dev: number;
  readonly ino: number;
  readonly #file: OpenFile;
  #format: LogFormat | null = null;
  #closed = false;

  private constructor(located: LogIdentity, file: OpenFile) {
    this.path = located.realPath;
    this.dev = located.dev;
    this.ino = located.ino;
    this.#file = file;
  }

  /**
   * Opens the file that was located. Throws Failure not-found if another file has taken its place since (locate again
   * in that case), permission-denied if it may not be read or is not a regular file.
   */
  static open(located: LogIdentity): LogFile {
    const path = located.realPath;
    const mismatch = () =>
      new Failure("not-found", `failed to access log file ${path}: it was replaced meanwhile`);
    const isLocated = (facts: files.FileFacts) =>
      facts.dev === located.dev && facts.ino === located.ino;
    const startedMs = Date.now();
    let file: OpenFile | null = null;
    try {
      // Before opening, because opening a FIFO waits for its writer.
      const before = files.lstat(path);
      checkRegular(path, before);
      if (!isLocated(before)) throw mismatch();
      file = files.openFile(path);
      const opened = file.facts();
      checkRegular(path, opened);
      if (!isLocated(opened) || !ledToOpened(path, isLocated, startedMs)) throw mismatch();
      return new LogFile(located, file);
    } catch (error) {
      file?.close();
      throw error instanceof Failure ? error : accessFailure(path, error);
    }
  }

  /** The format as far as it is known: a file without a non-empty line counts as CRI. */
  get format(): LogFormat {
    this.#format ??= this.#detectFormat();
    return this.#format ?? "cri";
  }

  #detectFormat(): LogFormat | null {
    let bytes = new Uint8Array(FORMAT_PROBE_BYTES);
    for (let offset = 0; offset < MAX_FORMAT_BYTES;) {
      const count = this.readAt(offset, bytes);
      const format = detectFormat(this.path, bytes.subarray(0, count));
      if (format !== null || count < bytes.length) return format;
      offset += count;
      bytes = new Uint8Array(Math.max(bytes.length, FORMAT_STEP_BYTES));
    }
    return null;
  }

  /** Current size of the file in bytes. */
  get size(): number {
    return this.#file.size();
  }

  /** Current size and modification time. */
  facts(): files.FileFacts {
    return this.#file.facts();
  }

  readAt(offset: number, into: Uint8Array): number {
    return this.#file.readAt(offset, into);
  }

  /** Idempotent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#file.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
