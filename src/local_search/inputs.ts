import type { ExamineCompressed } from "../files/followed_gzip.ts";
import { GzipLog } from "../files/gzip_log.ts";
import { LogFile, type LogSource } from "../files/log_file.ts";
import { WrittenLog } from "../files/written_log.ts";
import { Failure } from "../failure/failure.ts";
import { fileErrorKind, lstat, readDirectory, realPath, stat } from "../platform/files.ts";
import { lineParser } from "../scan/line_parser.ts";
import { lineEnd } from "../scan/lines.ts";

/** How many bytes of a file are enough to tell whether it is a container log. */
const HEAD_BYTES = 64 * 1024;
const LF = 0x0a;

/** The files that a path refers to, in order: the file itself, or all files in and below the folder. Throws Failure. */
export function* filesOf(path: string): Generator<string> {
  const found = new Set<string>();
  yield* walk(path, found);
}

/** Follows links, as in /var/log/containers; `found` contains the visited paths, so that none is visited twice. */
function* walk(path: string, found: Set<string>): Generator<string> {
  let facts;
  try {
    facts = stat(path);
  } catch (error) {
    throw accessFailure(path, error);
  }
  const identity = `${facts.dev}:${facts.ino}`;
  if (found.has(identity)) return;
  found.add(identity);
  if (!facts.isDirectory) {
    yield path;
    return;
  }
  let names;
  try {
    names = readDirectory(path).map(({ name }) => name).sort();
  } catch (error) {
    throw accessFailure(path, error);
  }
  for (const name of names) {
    try {
      yield* walk(`${path.replace(/\/$/, "")}/${name}`, found);
    } catch (error) {
      // A link without a target, such as a removed log leaves behind.
      if (!(error instanceof Failure) || error.kind !== "not-found") throw error;
    }
  }
}

/**
 * Opens a regular file; follows links and inflates gzip. Bytes read from any other file are verified, because it may be
 * truncated and rewritten meanwhile. Throws Failure.
 *
 * @param examine for a copy of a truncated file that was compressed
 */
export function openInput(path: string, examine: ExamineCompressed): LogSource {
  try {
    const real = realPath(path);
    const { dev, ino } = lstat(real);
    const file = LogFile.open({ realPath: real, dev, ino });
    return isGzip(file) ? new GzipLog(file) : new WrittenLog(file, examine);
  } catch (error) {
    if (error instanceof Failure) throw error;
    throw accessFailure(path, error);
  }
}

/** Whether a file has lines but, judging by its beginning, none that a container runtime writes. */
export function isNoContainerLog(source: LogSource): boolean {
  const head = new Uint8Array(HEAD_BYTES);
  const count = source.readAt(0, head);
  const bytes = head.subarray(0, count);
  const parser = lineParser(source.format);
  let lines = 0;
  for (let start = 0; start < count;) {
    const end = lineEnd(bytes, start, count);
    // A line that is cut off by the head says nothing.
    if (end === count && count === HEAD_BYTES && lines > 0) break;
    if (end > start) {
      lines++;
      if (parser.parse(bytes, bytes[start] === 0 ? afterNuls(bytes, start, end) : start, end)) {
        return false;
      }
    }
    start = end + 1;
  }
  // A single line of 64 KiB or more may be Docker's.
  return lines > 0 && !(count === HEAD_BYTES && !bytes.includes(LF));
}

/** A crash can leave a run of NUL bytes at the beginning of a line. */
function afterNuls(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && bytes[at] === 0) at++;
  return at;
}

/** Whether the file begins like a gzip file (RFC 1952, 2.3.1). */
function isGzip(file: LogFile): boolean {
  const head = new Uint8Array(2);
  return file.readAt(0, head) === 2 && head[0] === 0x1f && head[1] === 0x8b;
}

function accessFailure(path: string, error: unknown): Failure {
  const kind = fileErrorKind(error) === "not-found" ? "not-found" : "permission-denied";
  const why = kind === "not-found" ? "no such file or folder" : (error as Error).message;
  return new Failure(kind, `Cannot read ${path}: ${why}`, { cause: error });
}
