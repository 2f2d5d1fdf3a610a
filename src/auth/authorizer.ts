import { LRUCache } from "lru-cache";
import type { Config } from "../config/schema.ts";
import { Failure } from "../failure/failure.ts";
import { type Clock, sleep, systemClock } from "../platform/clock.ts";
import { checkNamespace } from "../files/name.ts";
import { visitInTurns } from "../platform/loop_turns.ts";
import type { Report } from "../telemetry/events.ts";
import { cancelled } from "./abort.ts";
import { FairQueue, type Origin } from "./fair_queue.ts";
import { atMost } from "./lru_bounds.ts";
import type { Identity, TokenIdentity } from "./identity.ts";
import type { ReviewedIdentity, Reviewer } from "./review.ts";
import { identityHash, type UserKey } from "./user.ts";
import { UserKeys } from "./user_keys.ts";
import { type Verdict, Verdicts } from "./verdicts.ts";

export interface AuthorizeOptions {
  readonly signal?: AbortSignal;
  /** The connection of the call, and its address: unknown callers from one connection wait for each other first. */
  readonly origin?: Origin;
}

/** Per call; a call with more namespaces would keep the API server busy on its own. */
const MAX_NAMESPACES = 1000;
const MAX_REVIEWS_OF_CALL = 16;
/** How many tokens are remembered as accepted or refused. */
const MAX_TOKENS = 10_000;
/** Concurrent reviews of unknown callers: half of all places, so that known callers have theirs. */
const MAX_UNKNOWN_REVIEWS = 8;
/** How long a token that the API server does not accept (401) is refused without asking again. */
const REFUSED_TTL_MS = 10 * 1000;
/** The namespace in a review of a call that names none: all of them. */
const EVERYWHERE = "";

/**
 * Decides whether a caller may read the logs of the requested namespaces. The verdict for each namespace comes from
 * Verdicts and is no older than authorization.cache-ttl. Owned by the CallAuthorizer, which alone calls it.
 */
export class Authorizer {
  readonly #config: Config;
  readonly #report: Report;
  readonly #clock: Clock;
  readonly #verdicts: Verdicts;
  readonly #userKeys: UserKeys;
  /** Hashes of tokens that the API server has accepted. */
  readonly #accepted = new LRUCache<string, true>(atMost(MAX_TOKENS));
  /** Recently refused tokens, by their hashes: why and when they were refused. */
  readonly #refused = new LRUCache<string, { readonly failure: Failure; readonly at: number }>(
    atMost(MAX_TOKENS),
  );
  /** The queue of callers whom the API server has not accepted yet: made-up tokens delay only other unknown callers. */
  readonly #unknownCallers: FairQueue;
  constructor(
    options: {
      readonly config: Config;
      readonly reviewer: Reviewer;
      readonly report: Report;
      readonly clock?: Clock;
    },
  ) {
    this.#config = options.config;
    this.#userKeys = new UserKeys(options.reviewer);
    this.#report = options.report;
    this.#clock = options.clock ?? systemClock;
    this.#verdicts = new Verdicts({ ...options, clock: this.#clock });
    const max = options.config.limits.maxUnknownCallers;
    this.#unknownCallers = new FairQueue({
      places: MAX_UNKNOWN_REVIEWS,
      max,
      refusal: () => {
        this.#report({ type: "limit-reached", limit: "unknown-callers" });
        return new Failure(
          "resource-exhausted",
          `Cannot review access now: ${max} unknown callers are already waiting (limits.max-unknown-callers); try again`,
        );
      },
    });
  }

  /**
   * Resolves if the identity may read the logs of all the namespaces (none named: of the whole cluster). Throws Failure
   * otherwise: permission-denied naming the namespace, unauthenticated for a token that the API server refuses,
   * invalid-argument for too many namespaces or an invalid name, unavailable or internal if no verdict could be
   * obtained, resource-exhausted if too many unknown callers wait.
   */
  async authorize(
    identity: Identity,
    namespaces: readonly string[],
    options: AuthorizeOptions = {},
  ): Promise<void> {
    const asked = this.#namespaces(namespaces);
    if (identity.kind === "anonymous") return;
    if (identity.kind === "token") {
      await this.#introduce(identity, asked, options);
    }
    await this.#reviewAll(identity, asked, this.#config.authorization.cacheTtlMs, options.signal);
  }

  /**
   * Resolves to the user for whom the call is counted, before it is known what they may read. Throws as authorize does.
   */
  async userKey(
    identity: Identity,
    namespaces: readonly string[],
    options: AuthorizeOptions & { readonly signal: AbortSignal },
  ): Promise<UserKey> {
    const asked = this.#namespaces(namespaces);
    if (identity.kind === "token") await this.#introduce(identity, asked, options);
    return await this.#userKeys.keyOf(identity, options);
  }

  /** A token's first review waits in a separate queue, so that made-up tokens do not delay known ones. */
  async #introduce(
    identity: TokenIdentity,
    [first = EVERYWHERE]: readonly string[],
    options: AuthorizeOptions,
  ): Promise<void> {
    const hash = identityHash(identity);
    const refused = this.#refused.get(hash);
    if (refused !== undefined && this.#clock.now() - refused.at < REFUSED_TTL_MS) {
      throw refused.failure;
    }
    if (this.#accepted.has(hash)) return;
    const signal = options.signal ?? new AbortController().signal;
    const origin = options.origin ?? { owner: this };
    using _place = await this.#unknownCallers.enter(origin, signal);
    await this.#verdict(identity, hash, first, this.#config.authorization.cacheTtlMs, signal);
  }

  /**
   * Re-checks repeatedly whether a long stream may continue. Resolves to the Failure that must end the stream, or to a
   * cancelled one once the signal fires. It never relies on a verdict that is older than
   * authorization.recheck-interval; if none can be obtained, the stream may continue for one more interval.
   */
  async recheck(
    identity: Identity,
    namespaces: readonly string[],
    options: { readonly signal: AbortSignal },
  ): Promise<Failure> {
    const { signal } = options;
    const ended = () => new Failure("cancelled", "The stream has ended");
    if (identity.kind === "anonymous") {
      await sleep(this.#clock, Number.POSITIVE_INFINITY, signal);
      return ended();
    }
    const { cacheTtlMs, recheckIntervalMs: interval } = this.#config.authorization;
    const asked = this.#namespaces(namespaces);
    const hash = identityHash(identity);
    const oldestVerdict = async () => {
      let oldest = Number.POSITIVE_INFINITY;
      await visitInTurns(asked, signal, (namespace) => {
        oldest = Math.min(oldest, this.#verdicts.oldest(hash, [namespace]));
      });
      return oldest;
    };
    // The verdicts with which the stream began may be as old as the cache allows, so the first re-check is that much
    // earlier.
    let due = await oldestVerdict() + interval;
    while (!signal.aborted) {
      await sleep(this.#clock, due - this.#clock.now(), signal);
      if (signal.aborted) break;
      const began = this.#clock.now();
      const failure = await this.#reviewInTime(identity, asked, {
        maxAgeMs: Math.min(cacheTtlMs, interval),
        graceMs: interval,
        signal,
      });
      if (signal.aborted) break;
      if (failure !== null) return failure;
      // At least a tenth: answers that take longer than the interval must not cause a busy loop.
      const oldest = await oldestVerdict();
      due = Math.max(oldest, began - interval * 0.9) + interval;
    }
    return ended();
  }

  /** Reviews until there is a verdict, at most for the grace period. Null: allowed, or the signal fired. */
  async #reviewInTime(
    identity: ReviewedIdentity,
    asked: readonly string[],
    options: { readonly maxAgeMs: number; readonly graceMs: number; readonly signal: AbortSignal },
  ): Promise<Failure | null> {
    const deadline = this.#clock.now() + options.graceMs;
    const over = new AbortController();
    const stopTimer = new AbortController();
    const timer = AbortSignal.any([options.signal, stopTimer.signal]);
    // The last attempt may be in progress at the end of the grace period: it is not awaited.
    const graceOver = sleep(this.#clock, options.graceMs, timer).then(() => {
      if (!timer.aborted) over.abort();
    });
    const signal = AbortSignal.any([options.signal, over.signal]);
    let last = new Failure(
      "unavailable",
      "Cannot ask the Kubernetes API server: no answer in time",
    );
    try {
      while (!signal.aborted) {
        try {
          await this.#reviewAll(identity, asked, options.maxAgeMs, signal);
          return null;
        } catch (error) {
          if (signal.aborted) break;
          if (!(error instanceof Failure)) throw error;
          if (error.kind !== "unavailable" && error.kind !== "internal") return error;
          last = error;
        }
        const left = deadline - this.#clock.now();
        await sleep(this.#clock, Math.min(left, Math.max(options.graceMs / 10, 1)), signal);
      }
      return options.signal.aborted ? null : last;
    } finally {
      stopTimer.abort();
      await graceOver;
    }
  }

  /** The distinct namespaces to review. Throws Failure if the request or the configuration forbids them. */
  #namespaces(namespaces: readonly string[]): string[] {
    const asked = [...new Set(namespaces)];
    if (asked.length > MAX_NAMESPACES) {
      throw new Failure(
        "invalid-argument",
        `Too many namespaces: ${asked.length} named, at most ${MAX_NAMESPACES} in a request`,
      );
    }
    if (asked.length === 0) asked.push(EVERYWHERE);
    const allowed = this.#config.allowedNamespaces;
    for (const namespace of asked) {
      if (namespace !== EVERYWHERE) checkNamespace(namespace);
      // Callers must name the namespaces: a partial answer would be mistaken for a complete one.
      if (allowed.length > 0 && !allowed.includes(namespace)) {
        throw denied(namespace, ": this agent serves only its allowed-namespaces");
      }
    }
    return asked;
  }

  async #reviewAll(
    identity: ReviewedIdentity,
    asked: readonly string[],
    maxAgeMs: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    // Once one is refused, the result is known: the others are abandoned.
    const done = new AbortController();
    const either = signal === undefined ? done.signal : AbortSignal.any([signal, done.signal]);
    const hash = identityHash(identity);
    const unknown: string[] = [];
    await visitInTurns(asked, either, (namespace) => {
      const known = this.#verdicts.known(hash, namespace, maxAgeMs);
      if (known === null) unknown.push(namespace);
      else if (!known.allowed) throw denied(namespace);
    });
    if (either.aborted) throw cancelled();
    let next = 0;
    const reviewSome = async () => {
      for (let namespace = unknown[next++]; namespace !== undefined; namespace = unknown[next++]) {
        if (either.aborted) throw cancelled();
        const { allowed } = await this.#verdict(identity, hash, namespace, maxAgeMs, either);
        if (!allowed) throw denied(namespace);
      }
    };
    try {
      const lanes = Math.min(unknown.length, MAX_REVIEWS_OF_CALL);
      await Promise.all(Array.from({ length: lanes }, reviewSome));
    } finally {
      done.abort();
    }
  }

  async #verdict(
    identity: ReviewedIdentity,
    hash: string,
    namespace: string,
    maxAgeMs: number,
    signal: AbortSignal,
  ): Promise<Verdict> {
    const known = this.#verdicts.known(hash, namespace, maxAgeMs);
    if (known !== null) return known;
    try {
      const verdict = await this.#verdicts.ask(identity, hash, namespace, signal);
      if (identity.kind === "token") this.#accepted.set(hash, true);
      return verdict;
    } catch (error) {
      if (error instanceof Failure && error.kind === "unauthenticated") {
        this.#accepted.delete(hash);
        this.#refused.set(hash, { failure: error, at: this.#clock.now() });
      }
      throw error;
    }
  }
}

function denied(namespace: string, why = ""): Failure {
  const name = namespace === EVERYWHERE ? "all" : namespace;
  return new Failure(
    "permission-denied",
    `permission denied: \`get pods/log\` in namespace \`${name}\`${why}`,
  );
}
