import type { Check } from "./check_rounds.ts";
import type { FileWatcher } from "./file_watcher.ts";
import { locate, type LocatedLog, type LogRoots } from "./locate.ts";

export interface LogPlaceOptions {
  readonly roots: LogRoots;
  readonly watcher: Pick<FileWatcher, "onFile">;
}

/**
 * Where a followed log currently is. The file watcher calls its check when something happens there, wherever the log
 * has moved. Owned by the RotationTracker, which alone calls it.
 */
export class LogPlace implements Disposable {
  readonly #options: LogPlaceOptions;
  readonly #check: Check;
  #located: LocatedLog;
  #unregister: () => void;

  constructor(located: LocatedLog, options: LogPlaceOptions, check: Check) {
    this.#located = located;
    this.#options = options;
    this.#check = check;
    this.#unregister = options.watcher.onFile(located.realPath, check);
  }

  /** The most recent location. */
  get located(): LocatedLog {
    return this.#located;
  }

  get realPath(): string {
    return this.#located.realPath;
  }

  /** Where the log's link leads now. Throws Failure if it leads nowhere, or to something that may not be read. */
  locateAgain(): LocatedLog {
    return locate(this.#options.roots, this.#located.name);
  }

  moveTo(located: LocatedLog): void {
    if (located.realPath !== this.realPath) {
      this.#unregister();
      this.#unregister = this.#options.watcher.onFile(located.realPath, this.#check);
    }
    this.#located = located;
  }

  /** Stops all calls. Idempotent. */
  [Symbol.dispose](): void {
    this.#unregister();
  }
}
