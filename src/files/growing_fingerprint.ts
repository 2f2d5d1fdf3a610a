import { type Fingerprint, fingerprintOf, matchesContent, readFingerprint } from "./fingerprint.ts";
import { isIntact, type KnownText } from "./known_text.ts";
import type { LogSource } from "./log_file.ts";

/**
 * How many times a fingerprint without a time is read again at each growth; after that, only when the file has doubled.
 */
const MAX_READS = 64;

/** The fingerprint of a growing file: final once it contains a time. Owned by the GrowingText, which alone calls it. */
export class GrowingFingerprint {
  #value = fingerprintOf(new Uint8Array(0));
  #reads = 0;
  #size = 0;

  get value(): Fingerprint {
    return this.#value;
  }

  /** Takes the new text into account. Returns false if the file changed meanwhile. */
  readOn(source: LogSource, text: KnownText): boolean {
    if (this.#value.timedTo > 0) return true;
    const isDue = this.#reads < MAX_READS || text.seen >= 2 * this.#size;
    if (!isDue) return true;
    let found = readFingerprint(source, text.start);
    // A text that consisted only of NULs when it was first seen begins later.
    if (found.prefix[0] === 0) found = readFingerprint(source);
    if (!isIntact(source, text)) return false;
    this.#value = found;
    this.#reads++;
    this.#size = text.seen;
    return true;
  }

  /** The text comes from another file from now on. */
  replace(source: LogSource): void {
    this.#value = readFingerprint(source);
  }

  /** Whether the other one may belong to the same text, grown further. */
  mayBeOf(other: Fingerprint): boolean {
    return matchesContent(this.#value, other) ||
      (this.#value.time === null && this.#isBeginningOf(other));
  }

  #isBeginningOf({ start, prefix }: Fingerprint): boolean {
    const own = this.#value;
    return own.prefix.length > 0 && start === own.start &&
      own.prefix.every((byte, i) => prefix[i] === byte);
  }
}
