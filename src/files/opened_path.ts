import { dirname } from "node:path";
import { type FileFacts, lstat, realPath } from "../platform/files.ts";

/** The kernel stamps changes with a coarse clock, and the platform truncates ctime to whole seconds. */
const CTIME_RESOLUTION_MS = 1000 + 100;

/** One more than in the longest layout. */
const FOLDERS = 4;

/** Each check passes with a probability of at most 1/2 on a path that is being exchanged: 2^-32 in total. */
const CHECKS = 32;

/**
 * Whether a path has led to the file that was just opened, without links, ever since startedMs (milliseconds since the
 * epoch, before the path was first checked). The platform opens by path and cannot report a descriptor's path, so a
 * user who may write to a folder on the path can exchange a part of the path for a link to somebody else's folder
 * (renameat2 with RENAME_EXCHANGE) for the moment of opening, and back.
 *
 * - An exchange changes the ctime of the folder in which it happens, and nobody can set that: if no folder on the path
 *   has changed recently, nothing was exchanged.
 * - Otherwise two things are checked many times in random order: that the path is free of links, and that it leads to
 *   the open file. While somebody else's file is open, only one of them is true at any moment, so an attacker who
 *   cannot see the order soon fails.
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
 * Whether no folder in which others than the node's owner may write has changed since then. In the longest layout,
 * these are a container's folder, its pod's, and that of all pods; a user who may write above that may read all of them
 * anyway.
 */
function unchangedSince(folder: string, startedMs: number): boolean {
  let at = folder;
  for (let level = 0; level < FOLDERS; level++) {
    try {
      const { ctimeMs } = lstat(at);
      if (ctimeMs === 0 || ctimeMs + CTIME_RESOLUTION_MS >= startedMs) return false;
    } catch {
      return level > 0; // It is above every folder that the agent may read.
    }
    at = dirname(at);
  }
  return true;
}
