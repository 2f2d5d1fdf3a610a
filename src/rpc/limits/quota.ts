/** What an owner may hold to take from the reserve, too. */
const FEW = 8;

/**
 * What runs at the same time, in total and for each owner. Where one owner may not have all, the last tenth of
 * the total is a reserve for owners who hold few, so that some busy ones leave no other without any.
 */
export class Quota<Owner> {
  readonly #limits: { readonly total: number; readonly each: number };
  readonly #byOwner = new Map<Owner, number>();
  #total = 0;

  constructor(limits: { readonly total: number; readonly each: number }) {
    this.#limits = limits;
  }

  get total(): number {
    return this.#total;
  }

  of(owner: Owner): number {
    return this.#byOwner.get(owner) ?? 0;
  }

  /** Which of the limits keeps the owner from taking another one; null: none does. */
  exceeded(owner: Owner): "total" | "each" | null {
    const { total, each } = this.#limits;
    const reserve = each < total && this.of(owner) >= FEW ? Math.floor(total / 10) : 0;
    if (this.#total >= total - reserve) return "total";
    return this.of(owner) >= each ? "each" : null;
  }

  /** Takes one for the owner; disposing of it gives it back, once. */
  take(owner: Owner): Disposable {
    this.#total++;
    this.#byOwner.set(owner, this.of(owner) + 1);
    let held = true;
    return {
      [Symbol.dispose]: () => {
        if (!held) return;
        held = false;
        this.#total--;
        const left = this.of(owner) - 1;
        if (left > 0) this.#byOwner.set(owner, left);
        else this.#byOwner.delete(owner);
      },
    };
  }

  /** Who holds the most; null where nobody holds any. */
  greatest(): Owner | null {
    let greatest: Owner | null = null;
    for (const [owner, count] of this.#byOwner) {
      if (greatest === null || count > this.of(greatest)) greatest = owner;
    }
    return greatest;
  }
}
