import { Failure } from "../failure/failure.ts";
import { isWithin, type LocatedLog, type LogRoots, realRoots } from "./locate.ts";
import type { LogSource } from "./log_file.ts";
import { listSiblings, openSibling, type Sibling } from "./siblings.ts";

/** A rotated file that is just being compressed or renamed is met anew in the next listing. */
const ATTEMPTS = 3;

/**
 * The rotated files of a log, oldest first, open; compressed ones are read inflated. The log itself is not among
 * them. Throws Failure permission-denied where one may not be read. The caller disposes of them.
 */
export function openHistory(roots: LogRoots, located: LocatedLog): LogSource[] {
  const within = realRoots(roots);
  for (let attempt = 1;; attempt++) {
    const siblings = listSiblings(located.realPath).filter((sibling) =>
      // One with the log's own inode is the log itself, rotated since it was located.
      !(sibling.dev === located.dev && sibling.ino === located.ino) &&
      within.some((root) => isWithin(root, sibling.realPath))
    );
    const opened = openAll(siblings, { skipMissing: attempt === ATTEMPTS });
    if (opened !== null) return opened;
  }
}

/** Null where one was not there any more, unless those are to be skipped. */
function openAll(
  siblings: readonly Sibling[],
  options: { skipMissing: boolean },
): LogSource[] | null {
  const opened: LogSource[] = [];
  const closeAll = () => {
    for (const source of opened) source[Symbol.dispose]();
  };
  for (const sibling of siblings) {
    try {
      opened.push(openSibling(sibling));
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
