import { Failure } from "../failure/failure.ts";
import type { FrontProxyIdentity, Identity, TokenIdentity } from "../auth/identity.ts";
import { identityHash } from "../auth/user.ts";
import { Shares } from "./limits/shares.ts";

type NamedIdentity = FrontProxyIdentity | TokenIdentity;

/** Overhead of one text in memory, beyond its characters, in bytes. */
const TEXT_BYTES = 40;

interface Kept {
  readonly identity: NamedIdentity;
  readonly part: Disposable;
  /** Per call that uses it: called when the identity's memory is given to another one. */
  readonly uses: Set<() => void>;
}

/** An identity that is kept until it is disposed of. */
export interface KeptIdentity extends Disposable {
  readonly identity: Identity;
}

/** The user of a kept identity. */
export interface Keeper {
  /** For whom its memory is counted, from the finest to the coarsest: user, account, connection. */
  readonly owners: readonly unknown[];
  /** Its memory is given to another one: the call must end. */
  readonly evict: (why: Failure) => void;
}

/**
 * The identities of calls whose right is reviewed repeatedly. One user's calls share one: a user may have hundreds of
 * groups and hundreds of calls. If they take too much memory together, whoever has most of it gives way. Owned by the
 * CallAuthorizer, which alone calls it.
 */
export class KeptIdentities {
  readonly #shares: Shares;
  readonly #onRefused: () => void;
  readonly #byHash = new Map<string, Kept>();

  /** @param options.memory bytes that all identities together may take */
  constructor(options: { readonly memory: number; readonly onRefused: () => void }) {
    this.#shares = new Shares({ total: () => options.memory });
    this.#onRefused = options.onRefused;
  }

  /** Their total memory, in bytes. */
  get bytes(): number {
    return this.#shares.held;
  }

  /** Throws Failure resource-exhausted if there is no memory for one more, and no other owner holds more. */
  keep(identity: Identity, keeper: Keeper): KeptIdentity {
    if (identity.kind === "anonymous") return { identity, [Symbol.dispose]: () => {} };
    const hash = identityHash(identity);
    const kept = this.#byHash.get(hash) ?? this.#add(hash, identity, keeper);
    const evict = () =>
      keeper.evict(exhausted("The call was ended for that of a user who takes less"));
    kept.uses.add(evict);
    return {
      identity: kept.identity,
      [Symbol.dispose]: () => {
        if (!kept.uses.delete(evict) || kept.uses.size > 0) return;
        this.#remove(hash, kept);
      },
    };
  }

  #add(hash: string, identity: NamedIdentity, { owners }: Keeper): Kept {
    const part = this.#shares.take({
      owners,
      weight: sizeOf(identity),
      evict: () => this.#evict(hash),
    });
    if (part === null) {
      this.#onRefused();
      throw exhausted("Cannot follow");
    }
    const kept = { identity, part, uses: new Set<() => void>() };
    this.#byHash.set(hash, kept);
    return kept;
  }

  #evict(hash: string): void {
    const kept = this.#byHash.get(hash);
    if (kept === undefined) return;
    this.#onRefused();
    this.#byHash.delete(hash);
    for (const evict of [...kept.uses]) evict();
  }

  #remove(hash: string, kept: Kept): void {
    // Another one may have taken its place after an eviction.
    if (this.#byHash.get(hash) === kept) this.#byHash.delete(hash);
    kept.part[Symbol.dispose]();
  }
}

function exhausted(what: string): Failure {
  return new Failure(
    "resource-exhausted",
    `${what}: the identities of all followers take too much memory (limits.header-memory)`,
  );
}

/** The memory of an identity, in bytes. */
function sizeOf(identity: NamedIdentity): number {
  const texts = identity.kind === "token"
    ? [identity.token]
    : [identity.user, ...identity.groups, ...[...identity.extra].flat(2)];
  return texts.reduce((sum, text) => sum + text.length + TEXT_BYTES, 0);
}
