import { LRUCache } from "lru-cache";
import { unlessAborted } from "./abort.ts";
import type { Identity, TokenIdentity } from "./identity.ts";
import { atMost } from "./lru_bounds.ts";
import type { Reviewer } from "./review.ts";
import { accountHash, identityHash, type User, userHash, type UserKey } from "./user.ts";

const MAX_TOKENS = 10_000;
/**
 * How long a token's user is cached; it changes only if an account is deleted and created again under the same name.
 */
const USER_TTL_MS = 10 * 60 * 1000;
/** If the API server did not say whose a token is, it is asked again after this time. */
const UNKNOWN_USER_TTL_MS = 30 * 1000;

/**
 * Keys to count calls by, equal for all calls of one user; see userHash. A token counts for the bearer that the API
 * server names, or for itself if it names none. Only tokens that have passed a review may be passed in: they are
 * genuine. Owned by the Authorizer, which alone calls it.
 */
export class UserKeys {
  readonly #reviewer: Reviewer;
  /** The key of the user of each token, by the token's hash. */
  readonly #keys = new LRUCache<string, Promise<UserKey>>({
    ...atMost(MAX_TOKENS),
    ttl: USER_TTL_MS,
  });

  constructor(reviewer: Reviewer) {
    this.#reviewer = reviewer;
  }

  /** Rejects if the signal fires. */
  async keyOf(
    identity: Identity,
    options: { readonly signal: AbortSignal },
  ): Promise<UserKey> {
    if (identity.kind === "anonymous") return { user: "anonymous", account: "anonymous" };
    if (identity.kind === "front-proxy") return keyOfUser(identity);
    const token = identityHash(identity);
    return await unlessAborted(
      this.#keys.get(token) ?? this.#askWhoIs(token, identity),
      options.signal,
    );
  }

  #askWhoIs(token: string, identity: TokenIdentity): Promise<UserKey> {
    // Shared by all waiting calls: the end of a single call does not end it; the reviewer has its own deadline.
    const { signal } = new AbortController();
    const asked = Promise.resolve(this.#reviewer.whoIs?.(identity, { signal }) ?? null)
      .catch(() => null)
      .then((user) => {
        if (user !== null) return keyOfUser(user);
        const key = { user: token, account: token };
        this.#keys.set(token, Promise.resolve(key), { ttl: UNKNOWN_USER_TTL_MS });
        return key;
      });
    this.#keys.set(token, asked);
    return asked;
  }
}

function keyOfUser(user: User): UserKey {
  return { user: userHash(user), account: accountHash(user) };
}
