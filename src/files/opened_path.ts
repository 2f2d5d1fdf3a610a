import { dirname } from "node:path";
import { type FileFacts, lstat, realPath } from "../platform/files.ts";

/** The kernel stamps changes with a coarse clock, and the platform cuts ctime to whole seconds. */
const CTIME_RESOLUTION_MS = 1000 + 100;

/** One more than the longest layout has. */
const FOLDERS = 4;

/** Each check passes with probability 1/2 at most on a path that is being exchanged: 2^-32 in all. */
const CHECKS = 32;

/**
 * Whether a path led to the file that was just opened, without links, all the while since startedMs
 * (milliseconds since the epoch, before the path was first checked). The platform opens by path and tells no
 * descriptor's path, so who may write to a folder on the way can exchange a part of the path for a link to
 * somebody else's folder (renameat2 with RENAME_EXCHANGE) for the moment of the opening, and back.
 *
 * - An exchange changes the ctime of the folder that it happens in, and nobody can set that: where no folder on
 *   the way has changed lately, nothing was exchanged.
 * - Otherwise two things are checked many times in random order: that the path is free of links, and that it
 *   leads to the open file. While somebody else's file is open only one of them holds at any moment, so an
 *   attacker who cannot see the order fails soon.
 */
export function ledToOpened(
  path: string,
  isOpened: (facts: FileFacts) => boolean,
  startedMs: number,
): boolean {
  if (realPath(path) !== path || !isOpened(lstat(path))) return false;
  if (unchangedSince(dirname(path), startedMs)) return true;
  const order = crypto.getRandomValues(new Uint8Array(CHECKS));
  return order.every((byte) => byte & 1 ? realPath(path) === path : isOpened(lstat(path))) &&
    realPath(path) === path && isOpened(lstat(path));
}

/**
 * Has none of the folders changed since then in which somebody but the node's owner may write? In the longest layout
 * these are a container's, its pod's, and the one of all pods; who may write above that may read all of them.
 */
function unchangedSince(folder: string, startedMs: number): boolean {
  let at = folder;
  for (let level = 0; level < FOLDERS; level++) {
    try {
      const { ctimeMs } = lstat(at);
      if (ctimeMs === 0 || ctimeMs + CTIME_RESOLUTION_MS >= startedMs) return false;
    } catch {
      return level > 0; // It lies above every folder that the agent may read.
    }
    at = dirname(at);
  }
  return true;
}
