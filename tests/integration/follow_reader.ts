import assert from "node:assert/strict";
import { type AppendedRange, atLine } from "../../src/files/appended_range.ts";
import type { LogFollower } from "../../src/files/log_follower.ts";
import type { Runtime } from "./follow_runtime.ts";

/** A follower, and what it must receive. */
export class ModelReader {
  /** The next byte of `written` that must arrive. */
  position: number;
  /** Bytes that were skipped because nobody could read them. */
  skipped = 0;
  done = false;
  readonly follower: LogFollower;
  readonly #runtime: Runtime;
  readonly #isSlow: boolean;
  #error: unknown = null;
  /** What a slow reader has read but not delivered yet. */
  #held: { readonly range: AppendedRange; readonly bytes: Uint8Array | null } | null = null;

  constructor(
    runtime: Runtime,
    follow: (onMore: () => void) => LogFollower,
    options: { readonly isSlow: boolean; readonly start: "beginning" | "end" },
  ) {
    this.#runtime = runtime;
    this.#isSlow = options.isSlow;
    this.position = options.start === "beginning"
      ? runtime.fileStart
      : runtime.written.length - runtime.half;
    this.follower = follow(() => {
      if (!this.#isSlow) this.read();
    });
    if (!this.#isSlow) this.read();
    this.check();
  }

  /** Throws the error that was found, also during a check of the agent. */
  check(): void {
    if (this.#error !== null) throw this.#error;
  }

  /**
   * Takes what is available; a slow reader takes a range, reads it the next time, and delivers it the time after that.
   */
  read(): void {
    try {
      this.#read();
    } catch (error) {
      this.#error ??= error;
      this.done = true;
    }
  }

  #read(): void {
    while (!this.done) {
      if (this.#held === null) {
        const range = this.follower.take();
        if (range === null) {
          this.done = this.follower.ended;
          return;
        }
        this.#held = { range, bytes: null };
        if (this.#isSlow) return;
      }
      const { range, bytes } = this.#held;
      if (bytes === null) {
        this.#held = { range, bytes: this.#bytesOf(range) };
        if (this.#isSlow) return;
        continue;
      }
      this.#held = null;
      if (bytes.length < range.to - range.from || !range.isIntact()) range.failed();
      else {
        this.#receive(bytes);
        range.given(atLine(range.to));
      }
      if (this.#isSlow) return;
    }
  }

  /** Bytes ahead of it that nobody can read any more. */
  get goneAhead(): number {
    return this.#runtime.gone.reduce(
      (sum, { from, to }) => sum + Math.max(0, to - Math.max(from, this.position)),
      0,
    );
  }

  checkEnd(): void {
    this.#skipGone();
    assert.equal(this.position, this.#runtime.written.length, "lines are missing at the end");
  }

  #bytesOf(range: AppendedRange): Uint8Array {
    const fresh = range.bytes;
    if (fresh !== null) return fresh.slice();
    const bytes = new Uint8Array(range.to - range.from);
    return bytes.subarray(0, range.source.readAt(range.from, bytes));
  }

  #receive(bytes: Uint8Array): void {
    const { written, cuts } = this.#runtime;
    const text = new TextDecoder().decode(bytes).replaceAll("\0", "");
    const isNext = () =>
      written.startsWith(text, this.position) &&
      (text.endsWith("\n") || cuts.has(this.position + text.length));
    while (!isNext() && this.#skipOne());
    const expected = written.slice(this.position, this.position + text.length);
    if (text !== expected) {
      assert.equal(text, expected, `at byte ${this.position} of ${written.length}`);
    }
    this.position += text.length;
    assert(
      text === "" || text.endsWith("\n") || cuts.has(this.position),
      "an unterminated line was given out before its end",
    );
  }

  #skipGone(): void {
    while (this.#skipOne());
  }

  /** Skips a part that nobody can read any more, if it is next. */
  #skipOne(): boolean {
    for (const { from, to } of this.#runtime.gone) {
      if (from > this.position || to <= this.position) continue;
      this.skipped += to - this.position;
      this.position = to;
      return true;
    }
    return false;
  }
}
