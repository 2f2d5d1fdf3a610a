import type { Shares } from "./shares.ts";

/** Growth step, in bytes. */
const STEP = 16 * 1024;
/** Bytes held without a part of the total: too few to count. */
const FREE = 4 * 1024;

/** A part of a total whose size changes. Owned by one PortConnection. */
export class GrowingShare {
  readonly #shares: Shares;
  readonly #owners: readonly unknown[];
  readonly #evict: () => void;
  readonly #steps: Disposable[] = [];

  /**
   * @param options.owners as in Holder
   * @param options.evict called when a step of it is given to another owner: all of it must go
   */
  constructor(
    shares: Shares,
    options: { readonly owners: readonly unknown[]; readonly evict: () => void },
  ) {
    this.#shares = shares;
    this.#owners = options.owners;
    this.#evict = options.evict;
  }

  /** Takes or returns the difference to `size` bytes. False: not enough is left, and no other owner holds more. */
  resize(size: number): boolean {
    const steps = Math.ceil(Math.max(0, size - FREE) / STEP);
    while (this.#steps.length > steps) this.#steps.pop()?.[Symbol.dispose]();
    while (this.#steps.length < steps) {
      const step = this.#shares.take({ owners: this.#owners, weight: STEP, evict: this.#evict });
      if (step === null) return false;
      this.#steps.push(step);
    }
    return true;
  }
}
