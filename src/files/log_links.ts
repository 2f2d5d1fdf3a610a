import { resolve } from "node:path";
import { type FileFacts, readLink, stat } from "../platform/files.ts";
import type { Breathe } from "../scan/source_window.ts";
import { readFileNames } from "./log_folder.ts";
import { type LogName, parseLogFileName } from "./name.ts";

/** An entry of the log folder whose name is that of a container log. */
export interface LogLink {
  readonly name: LogName;
  /**
   * Where the link leads, or the entry itself if it is not a link. A stat of this is cheaper than a stat of the link.
   */
  readonly target: string;
}

/**
 * File systems stamp changes in steps of a few milliseconds. A folder that was just changed may be changed again within
 * the same step, so its stamp proves nothing until it is this old.
 */
const SETTLED_MS = 2000;
/** A folder with more links than this is read each time, so that memory stays bounded. */
const MAX_KEPT = 20_000;

/** How many links are read before others may have their turn of the event loop. */
const LINKS_PER_STEP = 32;

/**
 * The links of the log folder, read again only if the folder has changed. A link cannot be changed in place: to point
 * elsewhere it must be created again, which changes the folder's own time stamps. So `read` always returns the folder's
 * current content. Owned by the LogLister, which alone calls it.
 */
export class LogLinks {
  readonly #folder: string;
  readonly #now: () => number;
  #stamp: string | null = null;
  #links: readonly LogLink[] = [];

  /** @param now wall-clock time in milliseconds, the clock that stamps files */
  constructor(folder: string, now: () => number = Date.now) {
    this.#folder = folder;
    this.#now = now;
  }

  /**
   * Rejects with Failure not-found or permission-denied naming the folder, and with errors of `breathe`. Wait for one
   * call to settle before the next.
   */
  async read(breathe: Breathe): Promise<readonly LogLink[]> {
    const before = this.#settledStamp();
    if (before !== null && before === this.#stamp) return this.#links;
    const links = await readLinks(this.#folder, breathe);
    // The result belongs to the stamp only if nothing changed meanwhile.
    const isStable = before !== null && before === this.#settledStamp();
    const isKept = isStable && links.length <= MAX_KEPT;
    this.#stamp = isKept ? before : null;
    this.#links = isKept ? links : [];
    return links;
  }

  /** What identifies the folder's current content; null while it may change unnoticed. */
  #settledStamp(): string | null {
    let facts: FileFacts;
    try {
      facts = stat(this.#folder);
    } catch {
      return null; // Reading it fails too, with the reason.
    }
    const { dev, ino, mtimeMs, ctimeMs } = facts;
    if (ctimeMs === 0 || this.#now() - Math.max(mtimeMs, ctimeMs) < SETTLED_MS) return null;
    return `${dev}:${ino}:${mtimeMs}:${ctimeMs}`;
  }
}

async function readLinks(folder: string, breathe: Breathe): Promise<LogLink[]> {
  const links: LogLink[] = [];
  for (const [index, fileName] of (await readFileNames(folder)).entries()) {
    const name = parseLogFileName(fileName);
    if (name !== null) links.push({ name, target: targetOf(folder, fileName) });
    const turn = index % LINKS_PER_STEP === LINKS_PER_STEP - 1 ? breathe() : null;
    if (turn !== null) await turn;
  }
  return links;
}

function targetOf(folder: string, fileName: string): string {
  const path = `${folder}/${fileName}`;
  try {
    return resolve(folder, readLink(path));
  } catch {
    return path; // Not a link, or already gone.
  }
}
