import { Failure } from "../failure/failure.ts";
import { accessFailure } from "./locate.ts";
import { GONE_MS } from "./transitions.ts";

/** How long what fails for another reason than permissions (no descriptor is left) is tried again. */
const FAILING_MS = 30_000;

/** For how long, and why, a log could not be examined. Owned by the LogObserver. */
export class Refusal {
  readonly #linkPath: string;
  readonly #now: () => number;
  #since = 0;
  #failure: Failure | null = null;

  /** `now`: milliseconds. */
  constructor(linkPath: string, now: () => number) {
    this.#linkPath = linkPath;
    this.#now = now;
  }

  /** Why it was refused last; null: it is not refused. */
  get failure(): Failure | null {
    return this.#failure;
  }

  /** The error as what a client is told. */
  failureOf(error: unknown): Failure {
    return error instanceof Failure ? error : accessFailure(this.#linkPath, error);
  }

  refuse(error: unknown): void {
    if (this.#failure === null) this.#since = this.#now();
    this.#failure = this.failureOf(error);
  }

  clear(): void {
    this.#failure = null;
  }

  /** Milliseconds since it was refused first; where waiting may help, the first FAILING_MS do not count. */
  get ms(): number {
    if (this.#failure === null) return 0;
    const isFinal = this.#failure.kind === "permission-denied";
    return Math.max(0, this.#now() - this.#since - (isFinal ? 0 : FAILING_MS - GONE_MS));
  }

  /** Is it time to go on without what cannot be read? */
  get mayGiveUp(): boolean {
    return this.ms >= GONE_MS;
  }
}
