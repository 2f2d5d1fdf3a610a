import { collectGarbage, returnMemory } from "../platform/memory.ts";
import { residentBytes } from "../platform/process.ts";

/** How often memory is sampled. */
const SAMPLE_MS = 2000;
/** Memory that is worth a collection, compared with the least that was seen. */
const WORTH = 1.1;
/** A collection that returned less than this share is not repeated until memory has grown by as much. */
const SUCCESS = 0.02;

/**
 * Returns memory after a burst. V8 collects when something is allocated, so an agent that has become idle would keep
 * the garbage of its busiest moment: buffers above all, which count little in V8's own books. What the start has left
 * is returned thoroughly, once. Owned by serve, which reports events to it and disposes of it.
 */
export class MemoryReturn implements Disposable {
  readonly #timer: ReturnType<typeof setInterval>;
  readonly #resident: () => number;
  readonly #collect: () => void;
  readonly #returnAll: () => void;
  #hasStarted = false;
  #least = Number.POSITIVE_INFINITY;
  #last = 0;
  /** What memory must reach before it is collected again. */
  #next = 0;

  constructor(
    options: {
      readonly resident?: () => number;
      readonly collect?: () => void;
      readonly returnAll?: () => void;
    } = {},
  ) {
    this.#resident = options.resident ?? residentBytes;
    this.#collect = options.collect ?? collectGarbage;
    this.#returnAll = options.returnAll ?? returnMemory;
    this.#timer = setInterval(() => this.sample(), SAMPLE_MS);
  }

  /** Collects where memory is well above its least and has stopped growing. */
  sample(): void {
    let resident = this.#resident();
    this.#least = Math.min(this.#least, resident);
    const isGrowing = resident > this.#last * (1 + SUCCESS);
    this.#last = resident;
    if (!isGrowing && !this.#hasStarted) {
      this.#hasStarted = true;
      this.#returnAll();
      resident = this.#last = this.#resident();
    }
    if (isGrowing || resident < this.#least * WORTH || resident < this.#next) return;
    this.#collect();
    const after = this.#resident();
    this.#last = after;
    this.#next = after > resident * (1 - SUCCESS) ? after * (1 + SUCCESS) : 0;
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
