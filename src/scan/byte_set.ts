/** A set of bytes. */
export class ByteSet {
  readonly #has = new Uint8Array(256);

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
    return this;
  }

  delete(byte: number): void {
    this.#has[byte] = 0;
  }

  has(byte: number): boolean {
    return this.#has[byte] === 1;
  }

  bytes(): number[] {
    const bytes: number[] = [];
    for (let byte = 0; byte < 256; byte++) if (this.has(byte)) bytes.push(byte);
    return bytes;
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

  meets(other: ByteSet): boolean {
    for (let byte = 0; byte < 256; byte++) if (this.has(byte) && other.has(byte)) return true;
    return false;
  }

  /** The set as a RegExp's source: one character, or a class. Must not be empty. */
  source(): string {
    const bytes = this.bytes();
    if (bytes.length === 1) return escaped(bytes[0]!);
    let source = "";
    for (let i = 0; i < bytes.length;) {
      let last = i;
      while (bytes[last + 1] === bytes[last]! + 1) last++;
      source += escaped(bytes[i]!);
      if (last > i) source += (last > i + 1 ? "-" : "") + escaped(bytes[last]!);
      i = last + 1;
    }
    return `[${source}]`;
  }
}

function escaped(byte: number): string {
  const character = String.fromCharCode(byte);
  return /[0-9A-Za-z]/.test(character) ? character : "\\x" + byte.toString(16).padStart(2, "0");
}
