import { Failure } from "../failure/failure.ts";
import { lstat } from "../platform/files.ts";
import { type Clock, sleep, systemClock } from "../platform/clock.ts";
import type { TaskTurns } from "../platform/task_turns.ts";
import { History } from "./history.ts";
import { locate, type LogRoots } from "./locate.ts";
import { LogFile } from "./log_file.ts";
import { logFileName, type LogName } from "./name.ts";
import { listRotatedFiles } from "./rotated_files.ts";

/** Between renaming a log and opening a new one, a runtime leaves its link without a file, usually for milliseconds. */
const ROTATION_MS = 500;
const RETRY_MS = 20;

/** A container's log. */
export interface OpenLog {
  readonly current: LogFile;
  /** Its rotated files; null if they are not requested. */
  readonly history: History | null;
}

export interface OpenLogOptions {
  readonly history: boolean;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
  /** Shared by all code that opens logs at the same time. */
  readonly turns: TaskTurns;
}

/**
 * Opens a container's log in its current state, and resolves to the result of `use`, which runs before anything else
 * happens. Waits for a rotation in progress, at most half a second. `use` takes over the file. Rejects with Failure
 * not-found or permission-denied, and with the signal's reason.
 */
export async function openLog<T>(
  roots: LogRoots,
  name: LogName,
  options: OpenLogOptions,
  use: (log: OpenLog) => T,
): Promise<T> {
  const { clock = systemClock, signal = new AbortController().signal, turns } = options;
  const end = clock.now() + ROTATION_MS;
  for (;;) {
    try {
      return await turns.call(() => {
        signal.throwIfAborted();
        return use(openNow(roots, name, options.history));
      });
    } catch (error) {
      const missing = error instanceof Failure && error.kind === "not-found";
      if (!missing || clock.now() >= end || !linkIsThere(roots, name)) throw error;
    }
    await sleep(clock, RETRY_MS, signal);
    signal.throwIfAborted();
  }
}

function openNow(roots: LogRoots, name: LogName, history: boolean): OpenLog {
  const located = locate(roots, name);
  const listed = history ? listRotatedFiles(located.realPath) : null;
  // Fails if the log was rotated since it was located: in that case a file is missing from the list.
  const current = LogFile.open(located);
  try {
    return { current, history: listed === null ? null : new History(roots, current, listed) };
  } catch (error) {
    current.close();
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
