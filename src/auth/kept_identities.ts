import { Failure } from "../failure/failure.ts";
import type { FrontProxyIdentity, Identity, TokenIdentity } from "./identity.ts";
import { identityHash } from "./user.ts";

type NamedIdentity = FrontProxyIdentity | TokenIdentity;

/** Overhead of one text in memory, beyond its characters, bytes. */
const TEXT_BYTES = 40;

interface Kept {
  readonly identity: NamedIdentity;
  readonly bytes: number;
  uses: number;
}

/** An identity for as long as it is not disposed of. */
export interface KeptIdentity extends Disposable {
  readonly identity: Identity;
}

/**
 * The identities of calls whose right is reviewed again and again. One user's calls share one: it may have hundreds of
 * groups, and hundreds of calls. Owned by the CallAuthorizer, which alone calls it.
 */
export class KeptIdentities {
  readonly #memory: number;
  readonly #onRefused: () => void;
  readonly #byHash = new Map<string, Kept>();
  #bytes = 0;

  /** @param options.memory bytes that all identities may take together */
  constructor(options: { readonly memory: number; readonly onRefused: () => void }) {
    this.#memory = options.memory;
    this.#onRefused = options.onRefused;
  }

  /** The bytes that they take. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Throws Failure resource-exhausted where there is no memory for one more. */
  keep(identity: Identity): KeptIdentity {
    if (identity.kind === "anonymous") return { identity, [Symbol.dispose]: () => {} };
    const hash = identityHash(identity);
    const kept = this.#byHash.get(hash) ?? this.#add(hash, identity);
    kept.uses++;
    let isKept = true;
    return {
      identity: kept.identity,
      [Symbol.dispose]: () => {
        if (!isKept) return;
        isKept = false;
        if (--kept.uses > 0) return;
        this.#byHash.delete(hash);
        this.#bytes -= kept.bytes;
      },
    };
  }

  #add(hash: string, identity: NamedIdentity): Kept {
    const bytes = sizeOf(identity);
    if (this.#bytes + bytes > this.#memory) {
      this.#onRefused();
      throw new Failure(
        "resource-exhausted",
        "Cannot follow: the identities of all who follow take too much memory (limits.header-memory)",
      );
    }
    const kept = { identity, bytes, uses: 0 };
    this.#byHash.set(hash, kept);
    this.#bytes += bytes;
    return kept;
  }
}

/** What an identity takes in memory, in bytes. */
function sizeOf(identity: NamedIdentity): number {
  const texts = identity.kind === "token"
    ? [identity.token]
    : [identity.user, ...identity.groups, ...[...identity.extra].flat(2)];
  return texts.reduce((sum, text) => sum + text.length + TEXT_BYTES, 0);
}
