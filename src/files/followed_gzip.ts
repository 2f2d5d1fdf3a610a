import { Failure } from "../failure/failure.ts";
import type { LogFormat } from "../scan/format.ts";
import type { ExaminedText, TextRange } from "./examined_text.ts";
import type { Fingerprint } from "./fingerprint.ts";
import { GzipLog } from "./gzip_log.ts";
import type { FileIdentity, LogSource } from "./log_file.ts";
import { LogFile } from "./log_file.ts";
import type { RotatedFile } from "./rotated_files.ts";

/**
 * Examines a compressed file outside the event loop. Rejects with a Failure if it cannot be inflated there, and with
 * the signal's reason.
 */
export type ExamineCompressed = (
  file: FileIdentity & { readonly format: LogFormat },
  range: TextRange | null,
  signal: AbortSignal,
) => Promise<ExaminedText>;

/** The requested information about a compressed file is not known yet. */
export class StillInflating extends Failure {
  /** Resolves when it is known; then ask again. Never rejects. */
  readonly ready: Promise<void>;

  constructor(path: string, ready: Promise<void>) {
    super("not-found", `Cannot read ${path} yet: it is being inflated`);
    this.ready = ready;
  }
}

/** Texts up to this size are inflated in place: asking a worker would take longer. */
const MAX_SMALL_BYTES = 256 * 1024;
/** How much is inflated in one turn of the event loop, however many rotated files there are: some milliseconds. */
const MAX_TURN_BYTES = 4 * 1024 * 1024;
/** How many examined files are remembered. */
const MAX_EXAMINED = 32;
const MAX_RANGES = 16;

interface Examination {
  examined: ExaminedText | null;
  failure: Failure | null;
  /** By `from:to`. */
  readonly ranges: Map<string, Uint8Array>;
  ready: Promise<void> | null;
}

/**
 * What is known of the compressed files to which followed logs were rotated. Owned by the registry of followed logs.
 */
export class Examinations implements Disposable {
  readonly #examine: ExamineCompressed;
  readonly #known = new Map<string, Examination>();
  readonly #stopped = new AbortController();
  /** Bytes inflated in place in this turn of the event loop. */
  #turnBytes = 0;
  #turnTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(examine: ExamineCompressed) {
    this.#examine = examine;
  }

  /**
   * Opens a rotated file. For a compressed one, anything that would take long to inflate throws StillInflating until it
   * is known. Throws Failure if the file has gone or changed meanwhile.
   */
  open(rotated: RotatedFile): LogSource {
    const file = LogFile.open(rotated);
    if (!rotated.compressed) return file;
    const { dev, ino, size, mtimeMs } = rotated;
    const log = new GzipLog(file);
    return new FollowedGzip(log, this.#smallText(log), (source, range) => {
      return this.#ask(`${dev}:${ino}:${size}:${mtimeMs}`, source, range);
    });
  }

  [Symbol.dispose](): void {
    clearTimeout(this.#turnTimer);
    this.#stopped.abort(new Failure("unavailable", "Server is shutting down"));
  }

  /** A small text in full, unless enough was inflated in this turn of the event loop; null otherwise. */
  #smallText(log: GzipLog): Uint8Array | null {
    const left = Math.min(MAX_SMALL_BYTES, MAX_TURN_BYTES - this.#turnBytes);
    const text = left > 0 ? log.wholeText(left) : null;
    this.#turnBytes += text?.length ?? 0;
    this.#turnTimer ??= setTimeout(() => {
      this.#turnTimer = undefined;
      this.#turnBytes = 0;
    });
    return text;
  }

  #ask(
    key: string,
    source: GzipLog,
    range: TextRange | null,
  ): { readonly examined: ExaminedText; readonly bytes: Uint8Array | null } {
    const one = this.#known.get(key) ??
      { examined: null, failure: null, ranges: new Map(), ready: null };
    this.#known.delete(key);
    this.#known.set(key, one);
    if (one.failure !== null) throw one.failure;
    const bytes = range === null ? null : one.ranges.get(`${range.from}:${range.to}`) ?? null;
    if (one.examined !== null && (range === null || bytes !== null)) {
      return { examined: one.examined, bytes };
    }
    one.ready ??= this.#begin(one, source, range);
    throw new StillInflating(source.path, one.ready);
  }

  async #begin(one: Examination, source: GzipLog, range: TextRange | null): Promise<void> {
    this.#forgetOldest();
    const { path, compressed: { dev, ino, path: now }, format } = source;
    try {
      const file = { path: now, dev, ino, format };
      const examined = await this.#examine(file, range, this.#stopped.signal);
      one.examined = { ...examined, bytes: null };
      if (range !== null && examined.bytes !== null) {
        one.ranges.set(`${range.from}:${range.to}`, examined.bytes);
        for (const oldest of one.ranges.keys()) {
          if (one.ranges.size > MAX_RANGES) one.ranges.delete(oldest);
        }
      }
    } catch (error) {
      const why = error instanceof Failure ? error.message : "an unexpected error";
      one.failure = new Failure("unavailable", `Cannot inflate ${path}: ${why}`, { cause: error });
    } finally {
      one.ready = null;
    }
  }

  #forgetOldest(): void {
    for (const [key, { ready }] of this.#known) {
      if (this.#known.size <= MAX_EXAMINED) break;
      if (ready === null) this.#known.delete(key);
    }
  }
}

type Ask = (source: GzipLog, range: TextRange | null) => {
  readonly examined: ExaminedText;
  readonly bytes: Uint8Array | null;
};

/** A compressed file to which a followed log was rotated. Only a small text is inflated here. */
class FollowedGzip implements LogSource {
  readonly dev = null;
  readonly ino = null;
  readonly path: string;
  readonly #log: GzipLog;
  readonly #ask: Ask;
  /** A small text in full; null: it is not small. */
  readonly #small: Uint8Array | null;

  constructor(log: GzipLog, small: Uint8Array | null, ask: Ask) {
    this.#log = log;
    this.path = log.path;
    this.#ask = ask;
    this.#small = small;
  }

  get format(): LogFormat {
    return this.#log.format;
  }

  /** A small text is read from here. */
  get compressed(): FileIdentity | undefined {
    return this.#small === null ? this.#log.compressed : undefined;
  }

  get size(): number {
    return this.#small?.length ?? this.examined()?.size ?? 0;
  }

  /** Null: the text is small, and read from here. */
  examined(): ExaminedText | null {
    return this.#small === null ? this.#ask(this.#log, null).examined : null;
  }

  knownFingerprint(): Fingerprint | null {
    if (this.#small !== null) return null;
    return this.#log.knownFingerprint() ?? this.examined()?.fingerprint ?? null;
  }

  readAt(offset: number, into: Uint8Array): number {
    const bytes = this.#small?.subarray(offset, offset + into.length) ??
      this.#ask(this.#log, { from: offset, to: offset + into.length }).bytes;
    if (bytes === null) return 0;
    into.set(bytes);
    return bytes.length;
  }

  [Symbol.dispose](): void {
    this.#log[Symbol.dispose]();
  }
}
