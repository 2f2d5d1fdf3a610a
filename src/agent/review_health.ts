import type { KubernetesReviewer } from "../auth/reviewer.ts";
import type { Config } from "../config/schema.ts";

type ReviewProblems = Pick<KubernetesReviewer, "problem">;

const HEALTHY_MS = 30_000;
const UNHEALTHY_MS = 5_000;

/**
 * Checks at intervals whether access reviews work: an agent that cannot authorize a call must not be ready. If the
 * configuration needs no reviews, it checks nothing. Owned by serve, which disposes of it; Readiness asks it.
 */
export class ReviewHealth implements Disposable {
  readonly #reviewer: ReviewProblems;
  readonly #ownAccountNeeded: boolean;
  readonly #stopped = new AbortController();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #problem: string | null = null;

  constructor(config: Pick<Config, "authorization">, reviewer: ReviewProblems) {
    const { methods } = config.authorization;
    this.#reviewer = reviewer;
    this.#ownAccountNeeded = !methods.includes("token");
    if (methods.includes("allow-all")) return;
    this.#problem = "the Kubernetes API server has not been asked yet";
    void this.#check();
  }

  /** Why reviews do not work; null if they do. */
  get problem(): string | null {
    return this.#problem;
  }

  [Symbol.dispose](): void {
    this.#stopped.abort();
    clearTimeout(this.#timer);
  }

  async #check(): Promise<void> {
    const { signal } = this.#stopped;
    try {
      const ownAccountNeeded = this.#ownAccountNeeded;
      this.#problem = await this.#reviewer.problem({ ownAccountNeeded, signal });
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error);
    }
    if (signal.aborted) return;
    this.#timer = setTimeout(
      () => void this.#check(),
      this.#problem === null ? HEALTHY_MS : UNHEALTHY_MS,
    );
  }
}
