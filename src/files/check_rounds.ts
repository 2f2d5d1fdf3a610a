import type { Clock } from "../platform/clock.ts";
import type { TaskTurns } from "../platform/task_turns.ts";

/**
 * Why a file is checked. "event": something has happened to it; "written": bytes have come, as a rule; "tick": time to check everything, what gives no events
 * included; "poll": one of very many; "peek": others were written at this moment, so it may have grown.
 */
export type CheckReason = "event" | "written" | "tick" | "poll" | "peek";

/** Checks whether a file has changed, and returns whether it had, by more than the passing of time. */
export type Check = (reason: CheckReason) => boolean;

/** What a round of checks has found. */
export interface RoundResult {
  /** Has any file changed? */
  readonly changed: boolean;
  /** How long the checks took, without the turns of others, milliseconds. */
  readonly spentMs: number;
}

export interface CheckRoundsOptions {
  readonly clock: Clock;
  readonly turns: TaskTurns;
  /** The checks of all files: one group for each file. */
  groups(): readonly ReadonlySet<Check>[];
}

/**
 * Rounds through all files: as many are checked as a turn of the event loop has time for, the others in later ones. Owned
 * by the FileWatcher.
 */
export class CheckRounds {
  readonly #options: CheckRoundsOptions;
  readonly #running = new Set<CheckReason>();
  #ticksAgain = false;

  constructor(options: CheckRoundsOptions) {
    this.#options = options;
  }

  /** Is a round for that reason under way? */
  isRunning(reason: CheckReason): boolean {
    return this.#running.has(reason);
  }

  /**
   * Checks all files that are there now, and calls back when that is done. What is forgotten before its turn comes is not
   * checked.
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

  /** Checks everything from now on: in a round of its own where one is under way. */
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
