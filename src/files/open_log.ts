import { Failure } from "../failure/failure.ts";
import { lstat } from "../platform/files.ts";
import { type Clock, systemClock } from "./clock.ts";
import { openHistory } from "./history.ts";
import { locate, type LogRoots } from "./locate.ts";
import { LogFile, type LogSource } from "./log_file.ts";
import { logFileName, type LogName } from "./name.ts";

/** Between renaming a log and opening a new one a runtime leaves its link without a file, for milliseconds as a rule. */
const ROTATION_MS = 500;
const RETRY_MS = 20;

/**
 * Opens a container's log as it is now, after all its rotated files (oldest first) where history is requested. A rotation
 * that is under way is waited for, at most half a second. The caller disposes of all that is returned. Throws
 * Failure not-found or permission-denied.
 */
export async function openLog(
  roots: LogRoots,
  name: LogName,
  options: { history: boolean; signal?: AbortSignal; clock?: Clock },
): Promise<LogSource[]> {
  const clock = options.clock ?? systemClock;
  const end = clock.now() + ROTATION_MS;
  for (;;) {
    try {
      return openNow(roots, name, options.history);
    } catch (error) {
      const missing = error instanceof Failure && error.kind === "not-found";
      if (!missing || clock.now() >= end || !linkIsThere(roots, name)) throw error;
    }
    await pause(clock, options.signal);
  }
}

function openNow(roots: LogRoots, name: LogName, history: boolean): LogSource[] {
  const located = locate(roots, name);
  const older = history ? openHistory(roots, located) : [];
  try {
    // Fails where the log was rotated since it was located: then the history lacks a file.
    return [...older, LogFile.open(located)];
  } catch (error) {
    for (const source of older) source[Symbol.dispose]();
    throw error;
  }
}

function linkIsThere(roots: LogRoots, name: LogName): boolean {
  try {
    lstat(`${roots.containerLogsDir}/${logFileName(name)}`);
    return true;
  } catch {
    return false;
  }
}

function pause(clock: Clock, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      cancel();
      reject(signal?.reason);
    };
    const cancel = clock.after(RETRY_MS, () => {
      signal?.removeEventListener("abort", stop);
      resolve();
    });
    signal?.addEventListener("abort", stop, { once: true });
    if (signal?.aborted) stop();
  });
}
