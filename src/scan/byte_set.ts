/** A set of bytes. */
export class ByteSet {
  readonly #has = new Uint8Array(256);
  #selectivity: number | null = null;

  static of(...bytes: readonly number[]): ByteSet {
    const set = new ByteSet();
    for (const byte of bytes) set.#has[byte] = 1;
    return set;
  }

  static range(first: number, last: number): ByteSet {
    return new ByteSet().addRange(first, last);
  }

  addRange(first: number, last: number): this {
    this.#has.fill(1, first, last + 1);
    this.#selectivity = null;
    return this;
  }

  delete(byte: number): void {
    this.#has[byte] = 0;
    this.#selectivity = null;
  }

  has(byte: number): boolean {
    return this.#has[byte] === 1;
  }

  bytes(): number[] {
    const bytes: number[] = [];
    for (let byte = 0; byte < 256; byte++) if (this.has(byte)) bytes.push(byte);
    return bytes;
  }

  /** 1 for each byte of the set. */
  table(): Uint8Array {
    return this.#has.slice();
  }

  get isEmpty(): boolean {
    return !this.#has.includes(1);
  }

  union(other: ByteSet): ByteSet {
    const set = new ByteSet();
    for (let byte = 0; byte < 256; byte++) {
      if (this.has(byte) || other.has(byte)) set.#has[byte] = 1;
    }
    return set;
  }

  /** Roughly how rare these bytes are in a log, in bits. */
  get selectivity(): number {
    this.#selectivity ??= -Math.log2(
      Math.min(1, this.bytes().reduce((sum, byte) => sum + shares[byte]!, 0)),
    );
    return this.#selectivity;
  }
}

/** Roughly how often a byte occurs in a log, as a share of all bytes. */
function share(byte: number): number {
  const character = String.fromCharCode(byte);
  if (character === " ") return 1 / 8;
  if (/[etaoinsr]/.test(character)) return 1 / 20;
  if (/[0-9]/.test(character)) return 1 / 25;
  if (/[a-z]/.test(character)) return 1 / 60;
  if (/[.,:\-/="_]/.test(character)) return 1 / 80;
  if (/[A-Z]/.test(character)) return 1 / 150;
  return byte < 0x80 ? 1 / 400 : 1 / 2000;
}

const shares = Array.from({ length: 256 }, (_, byte) => share(byte));
