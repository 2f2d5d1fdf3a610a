import type { CheckReason } from "./check_rounds.ts";

export interface CheckLoopOptions {
  /** Returns whether anything has happened. */
  check(reason: CheckReason): boolean;
  /** Something has happened, or a check was asked for because bytes were not as expected. May ask for another check. */
  onChecked(): void;
  /** Is there nothing to check any more? */
  isOver(): boolean;
}

/**
 * Runs the checks of one log one at a time. What is requested during a check is run after it, as part of the same call.
 * Owned by the FollowedLog, which alone calls it.
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

  /** Checks everything, after the check that is under way where one is, and calls `onChecked` whatever is found. */
  askAgain(): boolean {
    this.#isAskedAgain = true;
    return this.run("tick");
  }
}
