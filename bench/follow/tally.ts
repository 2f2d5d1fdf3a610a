/** What one follower has received of the numbered lines of its file. */
export class Tally {
  #next: number;
  readonly #missing = new Set<number>();
  received = 0;
  doubled = 0;
  outOfOrder = 0;

  constructor(first: number) {
    this.#next = first;
  }

  take(number: number): void {
    this.received++;
    if (number === this.#next) {
      this.#next++;
    } else if (number > this.#next) {
      for (let n = this.#next; n < number; n++) this.#missing.add(n);
      this.#next = number + 1;
    } else if (this.#missing.delete(number)) this.outOfOrder++;
    else this.doubled++;
  }

  /** How many of the lines below end have not arrived. */
  missing(end: number): number {
    return this.#missing.size + Math.max(0, end - this.#next);
  }
}

/** The value below which the given percentage of values lies; values are sorted. */
export function percentile(sorted: Float64Array, percent: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? NaN;
}
