import type { Report } from "../telemetry/events.ts";

/** A part of the budget. */
export interface BufferShare {
  /** The result has arrived, with this size: releases the rest. */
  shrink(bytes: number): void;
  /** The result has been sent, or is no longer needed. */
  release(): void;
}

interface Wait {
  readonly user: string;
  readonly bytes: number;
  readonly grant: (share: BufferShare) => void;
}

/** The part of the limit that the last results of all streams may take once they count as sent. */
const LAST_RESULTS_PART = 1 / 8;

/** Held bytes are reported in steps of this size. */
const REPORT_STEP_BYTES = 1024 * 1024;

/**
 * Limits the memory that all streams together may hold for records that were read but have not been sent. Beyond it,
 * streams wait for each other. Each user may hold as much as is left for others, so a user whose clients do not read
 * never holds all of it; a user who holds nothing may take everything that is left. Owned by the program, used by the
 * record streams.
 */
export class BufferBudget {
  readonly #limit: number;
  readonly #report: Report;
  readonly #users = new Map<string, number>();
  readonly #waits = new Set<Wait>();
  #streams = 0;
  #held = 0;
  #reported = { bytes: 0, waiting: 0 };
  /** The part of it that is held for finished results that wait to be sent. */
  #results = 0;

  /** @param options.bytes the total limit */
  constructor(options: { readonly bytes: number; readonly report: Report }) {
    this.#limit = options.bytes;
    this.#report = options.report;
  }

  /** Bytes that are held now. */
  get held(): number {
    return this.#held;
  }

  /**
   * Whether more than half of it holds results that wait to be sent. Streams then use small results, so that more of
   * them make progress.
   */
  get isScarce(): boolean {
    return this.#results * 2 > this.#limit;
  }

  /** A stream begins to read; disposing of the result ends that. */
  enter(): Disposable {
    this.#streams++;
    return { [Symbol.dispose]: () => void this.#streams-- };
  }

  /**
   * The maximum number of bytes that one result of a stream should take. The HTTP/2 library takes a stream's last
   * result before it has sent it, so results are small if there are many streams.
   */
  get resultBytes(): number {
    return this.#limit * LAST_RESULTS_PART / Math.max(1, this.#streams);
  }

  /** Takes bytes if they are available now; null otherwise. */
  tryTake(user: string, bytes: number): BufferShare | null {
    const held = this.#users.get(user) ?? 0;
    const left = this.#limit - this.#held - bytes;
    const fits = held === 0 ? left >= 0 : held + bytes <= left;
    // A stream that is alone gets even more than the whole budget.
    return fits || this.#held === 0 ? this.#take(user, bytes) : null;
  }

  /**
   * Takes bytes, after waiting if necessary. Rejects with the signal's reason. A caller must not hold a share while
   * waiting.
   */
  async take(user: string, bytes: number, signal: AbortSignal): Promise<BufferShare> {
    const share = this.tryTake(user, bytes);
    if (share !== null) return share;
    signal.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<BufferShare>();
    const wait: Wait = { user, bytes, grant: resolve };
    const onAbort = () => {
      if (this.#waits.delete(wait)) this.#reportState();
      reject(signal.reason);
    };
    signal.addEventListener("abort", onAbort);
    this.#waits.add(wait);
    this.#reportState();
    try {
      return await promise;
    } finally {
      signal.removeEventListener("abort", onAbort);
    }
  }

  #take(user: string, bytes: number): BufferShare {
    let held = bytes;
    let ofResult = 0;
    this.#change(user, bytes);
    const shrink = (to: number) => {
      const kept = Math.min(to, held);
      this.#results += kept - ofResult;
      ofResult = kept;
      if (kept === held) return;
      this.#change(user, kept - held);
      held = kept;
      this.#grantWaiting();
    };
    return { shrink, release: () => shrink(0) };
  }

  #change(user: string, bytes: number): void {
    this.#held += bytes;
    const held = (this.#users.get(user) ?? 0) + bytes;
    if (held > 0) this.#users.set(user, held);
    else this.#users.delete(user);
    this.#reportState();
  }

  #grantWaiting(): void {
    for (const wait of this.#waits) {
      const share = this.tryTake(wait.user, wait.bytes);
      if (share === null) continue;
      this.#waits.delete(wait);
      wait.grant(share);
    }
  }

  /** Reports changes of at least one step: a stream takes and releases some thousand times a second. */
  #reportState(): void {
    const state = { bytes: this.#held, waiting: this.#waits.size };
    const { bytes, waiting } = this.#reported;
    const isSmall = state.bytes > 0 && Math.abs(state.bytes - bytes) < REPORT_STEP_BYTES;
    if (isSmall && state.waiting === waiting) return;
    this.#reported = state;
    this.#report({ type: "buffers", ...state });
  }
}
