/** The stream to which a line was written. */
export type Stream = "stdout" | "stderr";

/** RFC 3339 with nine digits: base, seconds since the epoch, plus nanos nanoseconds. */
export function nineDigits(base: number, nanos: number): string {
  const seconds = Math.floor(nanos / 1e9);
  const whole = new Date((base + seconds) * 1000).toISOString().slice(0, -5);
  return `${whole}.${String(nanos - seconds * 1e9).padStart(9, "0")}Z`;
}

/** The number, with at least two digits. */
export function two(n: number): string {
  return String(n).padStart(2, "0");
}

/** The number, with at least three digits. */
export function three(n: number): string {
  return String(n).padStart(3, "0");
}

/** The text in UTF-8. */
export function utf8(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** Each character of text is one byte. */
export function bytes(text: string): Uint8Array {
  return Uint8Array.from(text, (char) => char.charCodeAt(0));
}

/** A tiny generator, so that the tree does not depend on a library's random numbers. */
export class Lcg {
  #x: bigint;

  constructor(seed: bigint) {
    this.#x = seed;
  }

  next(n: number): number {
    this.#x = BigInt.asUintN(64, this.#x * 6364136223846793005n + 1442695040888963407n);
    return Number((this.#x >> 33n) % BigInt(n));
  }
}
