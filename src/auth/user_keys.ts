import { LRUCache } from "lru-cache";
import { unlessAborted } from "./abort.ts";
import type { Identity, TokenIdentity } from "./identity.ts";
import { atMost } from "./lru_bounds.ts";
import type { Reviewer } from "./review.ts";
import { accountHash, identityHash, type User, userHash, type UserKey } from "./user.ts";

const MAX_TOKENS = 10_000;
/** How long a token's user is remembered; it changes only when an account is deleted and created again under the same name. */
const USER_TTL_MS = 10 * 60 * 1000;
/** Where the API server did not say whose a token is, it is asked again after this time. */
const UNKNOWN_USER_TTL_MS = 30 * 1000;

/**
 * Keys to count calls by, equal for all calls of one user; see userHash. A token counts for who the API server says
 * its bearer is, and for itself where it does not say. Only tokens that have passed a review may come here: they are
 * genuine. Owned by the Authorizer, which alone calls it.
 */
export class UserKeys {
  readonly #reviewer: Reviewer;
  /** Of each token, by its hash, the key of its user. */
  readonly #keys = new LRUCache<string, Promise<UserKey>>({
    ...atMost(MAX_TOKENS),
    ttl: USER_TTL_MS,
  });

  constructor(reviewer: Reviewer) {
    this.#reviewer = reviewer;
  }

  /** Rejects where the signal fires. */
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
    // Shared by all who wait: no single call's end ends it; the reviewer has a deadline of its own.
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
