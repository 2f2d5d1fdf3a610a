/** An owner who holds less than this may also take from the reserve. */
const FEW = 8;

/** A holder of a part of a limited total. */
export interface Holder {
  /**
   * From the finest to the coarsest, such as a user and its connection; the same number for every holder of a total.
   */
  readonly owners: readonly unknown[];
  /** In units of the total. Default: 1. */
  readonly weight?: number;
  /** Its part is given to another owner. Called within take. */
  readonly evict: () => void;
}

interface Owned {
  held: number;
  /** Oldest first. */
  readonly holders: Set<Holder>;
}

export interface SharesOptions {
  /** May change; parts beyond a lower total are kept. */
  readonly total: () => number;
  /** Reserves the last tenth for owners who hold little, so that fewer calls are ended for others. */
  readonly reserve?: boolean;
  /**
   * Admits everybody who holds nothing: if nobody holds more than one, the oldest holder of the coarsest owner with the
   * most gives way.
   */
  readonly newcomersFirst?: boolean;
}

/**
 * A total that one or more owners cannot use up: when it is reached, whoever holds most gives way to those who hold
 * less, and is refused. If a newcomer holds nothing and all others hold equally much, their coarser owners are
 * compared: a thousand users of one connection count as that connection. Owned by the limits that count with it:
 * CallLimits, StreamPlaces.
 */
export class Shares {
  readonly #options: SharesOptions;
  readonly #levels: Map<unknown, Owned>[] = [];
  #held = 0;

  constructor(options: SharesOptions) {
    this.#options = options;
  }

  /** The sum of all parts. */
  get held(): number {
    return this.#held;
  }

  /** The sum of an owner's parts. @param level 0: the finest owners */
  of(owner: unknown, level = 0): number {
    return this.#levels[level]?.get(owner)?.held ?? 0;
  }

  /** Takes a part, from others if necessary; disposing of it returns it, once. Null if the holder has its share. */
  take(holder: Holder): Disposable | null {
    const { weight = 1, owners } = holder;
    const total = this.#options.total();
    const mayUseReserve = this.#options.reserve !== true || this.of(owners[0]) < FEW;
    const limit = mayUseReserve ? total : total - Math.floor(total / 10);
    if (weight > limit) return null;
    while (this.#held + weight > limit) {
      const victim = this.#whoGivesPlace(owners, weight);
      if (victim === null) return null;
      this.#change(victim, -1);
      victim.evict();
    }
    this.#change(holder, 1);
    return { [Symbol.dispose]: () => this.#change(holder, -1) };
  }

  /** The newest holder of the owner who holds most, if that is more than the newcomer would hold. */
  #whoGivesPlace(owners: readonly unknown[], weight: number): Holder | null {
    for (const [level, owner] of owners.entries()) {
      const largest = this.#largest(level, owner);
      const holds = this.of(owner, level);
      if (largest !== null && holds + weight < largest.held) return newest(largest);
      if (holds > 0) break;
    }
    return this.#options.newcomersFirst === true && this.of(owners[0]) === 0
      ? this.#oldestOfLargest()
      : null;
  }

  #oldestOfLargest(): Holder | null {
    const [oldest] = this.#largest(this.#levels.length - 1)?.holders ?? [];
    return oldest ?? null;
  }

  #largest(level: number, except?: unknown): Owned | null {
    let largest: Owned | null = null;
    for (const [owner, owned] of this.#levels[level] ?? []) {
      if (owner !== except && owned.held > (largest?.held ?? 0)) largest = owned;
    }
    return largest;
  }

  /** Adds the holder, or removes it if it is there. */
  #change(holder: Holder, sign: 1 | -1): void {
    const { weight = 1, owners } = holder;
    if (sign < 0 && this.#levels[0]?.get(owners[0])?.holders.has(holder) !== true) return;
    this.#held += sign * weight;
    for (const [level, owner] of owners.entries()) {
      const byOwner = this.#levels[level] ??= new Map();
      const owned = byOwner.get(owner) ?? { held: 0, holders: new Set() };
      owned.held += sign * weight;
      if (sign > 0) owned.holders.add(holder);
      else owned.holders.delete(holder);
      if (owned.holders.size > 0) byOwner.set(owner, owned);
      else byOwner.delete(owner);
    }
  }
}

function newest({ holders }: Owned): Holder | null {
  let last: Holder | null = null;
  for (const holder of holders) last = holder;
  return last;
}
