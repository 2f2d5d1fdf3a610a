import { returnMemory } from "../platform/memory.ts";
import { residentBytes } from "../platform/process.ts";

/** How often memory is sampled. */
const SAMPLE_MS = 2000;
/** The growth, relative to the lowest memory seen, that is worth a collection. */
const WORTH = 1.1;
/**
 * A collection that returned less than this share is not repeated until memory has grown by as much, or some time has
 * passed.
 */
const SUCCESS = 0.02;
/**
 * How many samples to wait before an ineffective collection is repeated; the wait doubles each time, up to the longest.
 */
const FIRST_WAIT = 4;
const LONGEST_WAIT = 256;
/** Above this, memory is also collected while it grows: garbage must not take what calls need. */
const HIGH_BYTES = 240 * 1024 * 1024;
const HIGH_GROWTH = 1.1;

/**
 * Returns memory after a burst. V8 collects when something is allocated, so an idle agent would keep the garbage of its
 * busiest moment: mainly buffers, most of whose memory V8 does not count. Memory left over from the start is returned
 * too. Owned by serve, which reports events to it and disposes of it.
 */
export class MemoryReturn implements Disposable {
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #resident: () => number;
  readonly #collect: () => void;
  #hasStarted = false;
  #least = Number.POSITIVE_INFINITY;
  #last = 0;
  /** The memory at which to collect again, or the number of samples to wait. */
  #next = 0;
  #wait = FIRST_WAIT;
  #waited = 0;

  constructor(
    options: { readonly resident?: () => number; readonly collect?: () => void } = {},
  ) {
    this.#resident = options.resident ?? residentBytes;
    this.#collect = options.collect ?? returnMemory;
    this.#timer = setInterval(() => this.sample(), SAMPLE_MS);
  }

  /** Collects if memory is well above its minimum and has stopped growing, or if it has become high. */
  sample(): void {
    let resident = this.#resident();
    this.#least = Math.min(this.#least, resident);
    const isGrowing = resident > this.#last * (1 + SUCCESS);
    const isHigh = resident > HIGH_BYTES && resident > this.#next * HIGH_GROWTH;
    this.#last = resident;
    this.#waited++;
    if (!isGrowing && !this.#hasStarted) {
      this.#hasStarted = true;
      this.#collect();
      resident = this.#last = this.#resident();
    }
    if (isGrowing) this.#wait = FIRST_WAIT;
    if (isGrowing && !isHigh) return;
    if (resident < this.#least * WORTH) return;
    if (resident < this.#next && this.#waited < this.#wait) return;
    this.#collect();
    const after = this.#resident();
    const isSuccess = after <= resident * (1 - SUCCESS);
    this.#last = after;
    this.#waited = 0;
    // What holds memory now may release it later, without anything growing.
    this.#wait = isSuccess ? FIRST_WAIT : Math.min(this.#wait * 2, LONGEST_WAIT);
    this.#next = isSuccess && !isHigh ? 0 : after * (1 + SUCCESS);
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
