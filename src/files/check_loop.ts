import type { CheckReason } from "./check_rounds.ts";

export interface CheckLoopOptions {
  /** Returns whether anything has happened. */
  check(reason: CheckReason): boolean;
  /** Something has happened, or a check was requested because bytes were not as expected. May request another check. */
  onChecked(): void;
  /** Whether there is nothing to check any more. */
  isOver(): boolean;
}

/**
 * Runs the checks of one log, one at a time. Checks that are requested during a check run after it, as part of the same
 * call. Owned by the FollowedLog, which alone calls it.
 */
export class CheckLoop {
  readonly #options: CheckLoopOptions;
  #isChecking = false;
  #isAskedAgain = false;

  constructor(options: CheckLoopOptions) {
    this.#options = options;
  }

  /** Returns whether anything has happened; false during another check. */
  run(reason: CheckReason): boolean {
    const { check, onChecked, isOver } = this.#options;
    if (isOver() || this.#isChecking) return false;
    this.#isChecking = true;
    let changed = false;
    try {
      do {
        const isAgain = this.#isAskedAgain;
        this.#isAskedAgain = false;
        const hasChanged = check(isAgain ? "tick" : reason);
        if (hasChanged || isAgain) onChecked();
        changed ||= hasChanged;
      } while (this.#isAskedAgain && !isOver());
    } finally {
      this.#isChecking = false;
    }
    return changed;
  }

  /** Checks everything, after the current check if there is one, and calls `onChecked` whatever the result. */
  askAgain(): boolean {
    this.#isAskedAgain = true;
    return this.run("tick");
  }
}
