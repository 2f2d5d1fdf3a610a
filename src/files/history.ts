import { Failure } from "../failure/failure.ts";
import { isWithin, type LocatedLog, type LogRoots, realRoots } from "./locate.ts";
import { orderByContent } from "./content_order.ts";
import { type Fingerprint, readFingerprint } from "./fingerprint.ts";
import { readLastTime } from "./line_times.ts";
import { LogFile, type LogSource } from "./log_file.ts";
import { listRotatedFiles, openRotatedFile, type RotatedFile } from "./rotated_files.ts";

/** A rotated file that is just being compressed or renamed is met anew in the next listing. */
const ATTEMPTS = 3;

/**
 * The rotated files of a log, oldest first by the times in their lines, open; compressed ones are read inflated. Neither the
 * log itself nor a copy of it or of another one is among them. Throws Failure permission-denied where one may not be read. The caller disposes of them.
 */
export function openHistory(roots: LogRoots, located: LocatedLog): LogSource[] {
  const within = realRoots(roots);
  for (let attempt = 1;; attempt++) {
    const rotated = listRotatedFiles(located.realPath).filter((file) =>
      // One with the log's own inode is the log itself, rotated since it was located.
      !(file.dev === located.dev && file.ino === located.ino) &&
      within.some((root) => isWithin(root, file.realPath))
    );
    const opened = openAll(rotated, { skipMissing: attempt === ATTEMPTS });
    if (opened !== null) return ordered(opened, currentFingerprint(located));
  }
}

interface OpenedFile {
  readonly file: RotatedFile;
  readonly source: LogSource;
}

function ordered(opened: readonly OpenedFile[], current: Fingerprint | null): LogSource[] {
  using rest = new DisposableStack();
  for (const { source } of opened) rest.use(source);
  const files = orderByContent(
    opened.map(({ file, source }) => ({
      source,
      fingerprint: readFingerprint(source),
      size: file.size,
      compressed: file.compressed,
      // The end of a compressed file costs as much as all of it.
      lastTime: () => file.compressed ? null : readLastTime(source, source.size),
    })),
    current,
  );
  const kept = new Set(files.map(({ source }) => source));
  rest.move();
  for (const { source } of opened) if (!kept.has(source)) source[Symbol.dispose]();
  return [...kept];
}

/** Null where the log has been replaced since it was located: whoever opens it then begins anew. */
function currentFingerprint(located: LocatedLog): Fingerprint | null {
  try {
    using current = LogFile.open(located);
    return readFingerprint(current);
  } catch (error) {
    if (error instanceof Failure && error.kind === "not-found") return null;
    throw error;
  }
}

/** Null where one was not there any more, unless those are to be skipped. */
function openAll(
  rotated: readonly RotatedFile[],
  options: { skipMissing: boolean },
): OpenedFile[] | null {
  const opened: OpenedFile[] = [];
  const closeAll = () => {
    for (const { source } of opened) source[Symbol.dispose]();
  };
  for (const file of rotated) {
    try {
      opened.push({ file, source: openRotatedFile(file) });
    } catch (error) {
      const missing = error instanceof Failure && error.kind === "not-found";
      if (missing && options.skipMissing) continue;
      closeAll();
      if (missing) return null;
      throw error;
    }
  }
  return opened;
}
