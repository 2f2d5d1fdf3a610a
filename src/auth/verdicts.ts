import { LRUCache } from "lru-cache";
import { Failure } from "../failure/failure.ts";
import type { Clock } from "../platform/clock.ts";
import type { Report } from "../telemetry/events.ts";
import { unlessAborted } from "./abort.ts";
import { FairQueue } from "./fair_queue.ts";
import { atMost } from "./lru_bounds.ts";
import type { ReviewedIdentity, Reviewer } from "./review.ts";
import { sha256 } from "./user.ts";

/** The answer, and when it was requested (milliseconds of the clock). */
export interface Verdict {
  readonly allowed: boolean;
  readonly at: number;
}

/** A pending review. */
interface Pending {
  readonly verdict: Promise<Verdict>;
  readonly abort: AbortController;
  waiting: number;
}

const VERB = "get";
const MAX_VERDICTS = 10_000;
/**
 * Maximum number of concurrent reviews for callers of one kind: as many as there are connections to the API server for
 * them.
 */
const MAX_REVIEWS = 16;

/**
 * The reviewer's verdicts for each identity and namespace: identical questions share one review, its verdict is cached,
 * and callers take turns. Owned by the Authorizer, which alone calls it.
 */
export class Verdicts {
  readonly #reviewer: Pick<Reviewer, "review">;
  readonly #report: Report;
  readonly #clock: Clock;
  /** Keys are hashes: no token is stored here. */
  readonly #verdicts = new LRUCache<string, Verdict>(atMost(MAX_VERDICTS));
  readonly #pending = new Map<string, Pending>();
  /** Callers take turns: one who asks for a thousand namespaces delays nobody else. */
  readonly #reviews = {
    "front-proxy": new FairQueue({ places: MAX_REVIEWS }),
    token: new FairQueue({ places: MAX_REVIEWS }),
  };

  constructor(
    options: {
      readonly reviewer: Pick<Reviewer, "review">;
      readonly report: Report;
      readonly clock: Clock;
    },
  ) {
    this.#reviewer = options.reviewer;
    this.#report = options.report;
    this.#clock = options.clock;
  }

  /** The cached verdict, if it is younger than `maxAgeMs`; null otherwise. `hash`: of the identity. */
  known(hash: string, namespace: string, maxAgeMs: number): Verdict | null {
    const known = this.#verdicts.get(verdictKey(hash, namespace));
    if (known === undefined || this.#clock.now() - known.at >= maxAgeMs) return null;
    this.#report({ type: "review-cached" });
    return known;
  }

  /** A new verdict. Rejects with the reviewer's error, and with Failure cancelled when the signal fires. */
  async ask(
    identity: ReviewedIdentity,
    hash: string,
    namespace: string,
    signal: AbortSignal,
  ): Promise<Verdict> {
    const key = verdictKey(hash, namespace);
    const pending = this.#pending.get(key) ?? this.#begin(key, identity, hash, namespace);
    pending.waiting++;
    try {
      return await unlessAborted(pending.verdict, signal);
    } finally {
      pending.waiting--;
      // The review belongs to all who wait for it; it ends with the last of them.
      if (pending.waiting === 0) {
        if (this.#pending.get(key) === pending) this.#pending.delete(key);
        pending.abort.abort();
      }
    }
  }

  /**
   * When the oldest of the verdicts was requested, milliseconds; -Infinity if one is missing. `hash`: of the identity.
   */
  oldest(hash: string, namespaces: readonly string[]): number {
    let oldest = this.#clock.now();
    for (const namespace of namespaces) {
      const known = this.#verdicts.peek(verdictKey(hash, namespace));
      oldest = Math.min(oldest, known?.at ?? Number.NEGATIVE_INFINITY);
    }
    return oldest;
  }

  #begin(key: string, identity: ReviewedIdentity, hash: string, namespace: string): Pending {
    const abort = new AbortController();
    const verdict = this.#ask(key, identity, hash, namespace, abort.signal);
    // Waiting calls get the error; if all have left, nobody needs it.
    verdict.catch(() => {});
    const pending = { verdict, abort, waiting: 0 };
    this.#pending.set(key, pending);
    return pending;
  }

  async #ask(
    key: string,
    identity: ReviewedIdentity,
    hash: string,
    namespace: string,
    signal: AbortSignal,
  ): Promise<Verdict> {
    using _turn = await this.#reviews[identity.kind].enter({ owner: hash }, signal);
    const at = this.#clock.now();
    const seconds = () => (this.#clock.now() - at) / 1000;
    let allowed;
    try {
      allowed = await this.#reviewer.review(identity, namespace, { signal });
    } catch (error) {
      const verdict = isRefusal(error) ? "denied" : "error";
      if (!signal.aborted) this.#report({ type: "review", verdict, seconds: seconds() });
      throw error;
    }
    const verdict = { allowed, at };
    // A verdict whose callers have all left is as good as any other.
    this.#verdicts.set(key, verdict);
    this.#report({
      type: "review",
      verdict: allowed ? "allowed" : "denied",
      seconds: seconds(),
    });
    return verdict;
  }
}

/** The API server has answered, but does not accept the caller's token: made-up tokens must not raise an alarm. */
function isRefusal(error: unknown): boolean {
  return error instanceof Failure &&
    (error.kind === "unauthenticated" || error.kind === "permission-denied");
}

function verdictKey(identity: string, namespace: string): string {
  return sha256(JSON.stringify([identity, namespace, VERB]));
}
