/** Random choices that depend only on the seed (mulberry32). */
export class Random {
  #state: number;

  constructor(readonly seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 <= result < 1 */
  next(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** An integer, 0 <= result < limit. */
  below(limit: number): number {
    return Math.floor(this.next() * limit);
  }

  /** An integer, min <= result <= max. */
  between(min: number, max: number): number {
    return min + this.below(max - min + 1);
  }

  /** From min to max bytes. */
  bytes(min: number, max: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from({ length: this.between(min, max) }, () => this.below(256));
  }

  /** True with the given probability, 0 to 1. */
  chance(probability: number): boolean {
    return this.next() < probability;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.below(choices.length)]!;
  }
}

/** The seed of this run, to be printed by the test; SEED in the environment repeats a failed run. */
export function runSeed(): number {
  const given = Deno.env.get("SEED");
  return given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
}
