import { Failure } from "../failure/failure.ts";
import { compareInstants, type Instant } from "../scan/instant.ts";
import { type FileContent, orderByContent } from "./content_order.ts";
import { type Fingerprint, readFingerprint } from "./fingerprint.ts";
import { readLastTime } from "./line_times.ts";
import { isWithin, type LogRoots, realRoots } from "./locate.ts";
import type { FileIdentity, FileNumbers, LogFile, LogSource } from "./log_file.ts";
import { isUntouched } from "./missed_rotations.ts";
import { listRotatedFiles, openRotatedFile, type RotatedFile } from "./rotated_files.ts";

/** A rotated file that is being compressed or renamed is found again in the next listing. */
const ATTEMPTS = 3;

/** An open rotated file of a log. */
export interface OlderFile {
  readonly source: LogSource;
  /** The time of its first line; null if that line has none. */
  readonly firstTime: Instant | null;
}

export interface OpenOptions {
  /** How the text of a compressed file begins, determined outside the event loop. */
  readonly fingerprint: (
    file: { readonly compressed: FileIdentity; readonly format: LogSource["format"] },
  ) => Promise<Fingerprint>;
  /** Called between two files: returns a promise if it is others' turn. */
  readonly breathe: () => Promise<void> | null;
}

/**
 * The rotated files of a log at the time when it was opened. None of them is opened until needed: most reads end in the
 * log itself. Created with the log, by openLog. Owned by the log that it was opened with, and disposed of with it.
 */
export class History {
  readonly #roots: readonly string[];
  readonly #current: FileNumbers & { readonly fingerprint: Fingerprint };
  readonly #realPath: string;
  readonly #listed: readonly RotatedFile[];

  /** `listed`: the files that existed before the log was opened. Later files are not its history. */
  constructor(roots: LogRoots, current: LogFile, listed: readonly RotatedFile[]) {
    const { dev, ino, path } = current;
    this.#roots = realRoots(roots);
    this.#current = { dev, ino, fingerprint: readFingerprint(current) };
    this.#realPath = path;
    this.#listed = listed;
  }

  /**
   * Opens the files, oldest first by the times in their lines. Names do not determine the order, so the first line of
   * each file is read, usually in 1 KiB, and the last 64 KiB of plain files whose names contradict it. Neither the log
   * itself nor a copy of it or of another file is among them. Rejects with Failure permission-denied if one may not be
   * read. The caller disposes of the sources.
   */
  async open(options: OpenOptions): Promise<OlderFile[]> {
    for (let attempt = 1;; attempt++) {
      const opened = await this.#openAll({ ...options, skipsMissing: attempt === ATTEMPTS });
      if (opened !== null) return this.#ordered(opened);
    }
  }

  /** Null if a file no longer exists, unless such files are to be skipped. */
  async #openAll(
    options: OpenOptions & { readonly skipsMissing: boolean },
  ): Promise<OpenedFile[] | null> {
    using opening = new DisposableStack();
    const opened: OpenedFile[] = [];
    for (const file of listRotatedFiles(this.#realPath)) {
      if (!this.#mayBeOlder(file)) continue;
      try {
        const source = opening.use(openRotatedFile(file));
        opened.push({ file, source, fingerprint: await fingerprintOf(source, options) });
      } catch (error) {
        if (!isMissing(error)) throw error;
        if (!options.skipsMissing) return null;
      }
      await options.breathe();
    }
    opening.move();
    return opened;
  }

  #mayBeOlder(file: RotatedFile): boolean {
    // A file with the log's own inode is the log itself, rotated since.
    if (file.dev === this.#current.dev && file.ino === this.#current.ino) return false;
    return this.#roots.some((root) => isWithin(root, file.realPath));
  }

  #ordered(opened: readonly OpenedFile[]): OlderFile[] {
    using rest = new DisposableStack();
    const files: (OpenedFile & FileContent)[] = [];
    for (const one of opened) {
      rest.use(one.source);
      if (!this.#wasThere(one)) continue;
      files.push({
        ...one,
        size: one.file.size,
        compressed: one.file.compressed,
        // Reading the end of a compressed file costs as much as reading all of it.
        lastTime: () => one.file.compressed ? null : readLastTime(one.source, one.source.size),
      });
    }
    const ordered = orderByContent(files, this.#current.fingerprint);
    const kept = new Set(ordered.map(({ source }) => source));
    rest.move();
    for (const { source } of opened) if (!kept.has(source)) source[Symbol.dispose]();
    return ordered.map(({ source, fingerprint }) => ({ source, firstTime: fingerprint.time }));
  }

  /**
   * Whether the file existed when the log was opened, if only under another name or uncompressed. If so, it is older.
   */
  #wasThere({ file, fingerprint }: OpenedFile): boolean {
    const isListed = this.#listed.some((one) =>
      one.dev === file.dev && one.ino === file.ino &&
      (one.realPath === file.realPath || isUntouched(one, file))
    );
    if (isListed) return true;
    const { time } = this.#current.fingerprint;
    const first = fingerprint.time;
    return time !== null && first !== null && compareInstants(first, time) < 0;
  }
}

interface OpenedFile {
  readonly file: RotatedFile;
  readonly source: LogSource;
  readonly fingerprint: Fingerprint;
}

async function fingerprintOf(source: LogSource, options: OpenOptions): Promise<Fingerprint> {
  const { compressed, format } = source;
  if (compressed === undefined) return readFingerprint(source);
  return source.knownFingerprint?.() ?? await options.fingerprint({ compressed, format });
}

function isMissing(error: unknown): boolean {
  return error instanceof Failure && error.kind === "not-found";
}
