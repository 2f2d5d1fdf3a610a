import { Failure } from "../failure/failure.ts";
import { accessFailure } from "./locate.ts";
import { GONE_MS } from "./transitions.ts";

/** How long the agent retries failures other than missing permissions (such as no descriptor left). */
const FAILING_MS = 30_000;

/** How long, and why, a log could not be examined. Owned by the LogObserver. */
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

  /** The reason of the latest refusal; null: it is not refused. */
  get failure(): Failure | null {
    return this.#failure;
  }

  /** Converts an error into the failure that a client gets. */
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

  /** Milliseconds since the first refusal; if waiting may help, the first FAILING_MS do not count. */
  get ms(): number {
    if (this.#failure === null) return 0;
    const isFinal = this.#failure.kind === "permission-denied";
    return Math.max(0, this.#now() - this.#since - (isFinal ? 0 : FAILING_MS - GONE_MS));
  }

  /** Whether it is time to continue without what cannot be read. */
  get mayGiveUp(): boolean {
    return this.ms >= GONE_MS;
  }
}
