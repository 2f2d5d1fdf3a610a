import type { Clock } from "../platform/clock.ts";
import type { TaskTurns } from "../platform/task_turns.ts";

/**
 * Why a file is checked. "event": something has happened to it; "written": bytes were usually appended; "tick": time to
 * check everything, including files without events; "poll": one of very many; "peek": others were written at this
 * moment, so it may have grown.
 */
export type CheckReason = "event" | "written" | "tick" | "poll" | "peek";

/** Checks whether a file has changed, and returns whether it had, other than by the passing of time. */
export type Check = (reason: CheckReason) => boolean;

/** The result of a round of checks. */
export interface RoundResult {
  /** Whether any file has changed. */
  readonly changed: boolean;
  /** How long the checks took, excluding the turns of others, milliseconds. */
  readonly spentMs: number;
}

export interface CheckRoundsOptions {
  readonly clock: Clock;
  readonly turns: TaskTurns;
  /** The checks of all files: one group per file. */
  groups(): readonly ReadonlySet<Check>[];
}

/**
 * Rounds through all files: each turn of the event loop checks as many as it has time for, and later turns the others.
 * Owned by the FileWatcher.
 */
export class CheckRounds {
  readonly #options: CheckRoundsOptions;
  readonly #running = new Set<CheckReason>();
  #ticksAgain = false;

  constructor(options: CheckRoundsOptions) {
    this.#options = options;
  }

  /** Whether a round for that reason is in progress. */
  isRunning(reason: CheckReason): boolean {
    return this.#running.has(reason);
  }

  /**
   * Checks all files that are registered now, and calls back when that is done. A file that is removed before its turn
   * is not checked.
   */
  run(reason: CheckReason, onDone: (result: RoundResult) => void = () => {}): void {
    const { clock, turns } = this.#options;
    const groups = this.#options.groups();
    let next = 0;
    let changed = false;
    let spentMs = 0;
    const step = () => {
      const began = clock.now();
      try {
        do {
          for (const check of [...groups[next++] ?? []]) changed = check(reason) || changed;
        } while (next < groups.length && turns.hasTime());
      } finally {
        spentMs += clock.now() - began;
        if (next < groups.length) turns.run(step);
        else this.#end(reason, () => onDone({ changed, spentMs }));
      }
    };
    this.#running.add(reason);
    turns.run(step);
  }

  /** Checks everything from now on: in a separate round if one is in progress. */
  runTick(): void {
    if (this.isRunning("tick")) this.#ticksAgain = true;
    else this.run("tick");
  }

  #end(reason: CheckReason, onDone: () => void): void {
    this.#running.delete(reason);
    onDone();
    if (reason !== "tick" || !this.#ticksAgain) return;
    this.#ticksAgain = false;
    this.run("tick");
  }
}
