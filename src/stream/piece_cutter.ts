import type { Direction } from "../scan/scan.ts";

/** The first pieces are small, so that a page's first records do not wait long. */
const FIRST_PIECE_BYTES = 64 * 1024;
const GROWTH = 4;

/**
 * Cuts one range into pieces in the order of the direction. A piece covers the places where its lines begin; the last
 * line may end beyond it. Pieces grow towards maxBytes, and shrink again while their results are larger than
 * targetBytes, so that both dense and rare hits give results of a good size. Owned by the scan of one range.
 */
export class PieceCutter {
  #from: number;
  #to: number;
  #size = FIRST_PIECE_BYTES;
  #small: number;
  readonly #direction: Direction;
  readonly #maxBytes: number;
  readonly #targetBytes: number;

  constructor(
    range: { readonly from: number; readonly to: number },
    options: { direction: Direction; maxBytes: number; targetBytes: number; smallPieces: number },
  ) {
    this.#from = range.from;
    this.#to = range.to;
    this.#direction = options.direction;
    this.#maxBytes = options.maxBytes;
    this.#targetBytes = options.targetBytes;
    this.#small = options.smallPieces;
  }

  /** The next piece's bounds; null when the range is used up. */
  next(): { from: number; to: number } | null {
    if (this.#from >= this.#to) return null;
    const size = Math.min(this.#size, this.#to - this.#from);
    if (this.#small > 1) this.#small--;
    else {
      this.#size = Math.min(this.#size * GROWTH, this.#maxBytes);
    }
    if (this.#direction === "forward") {
      const from = this.#from;
      this.#from += size;
      return { from, to: this.#from };
    }
    const to = this.#to;
    this.#to -= size;
    return { from: this.#to, to };
  }

  /** Learns from a scanned piece how much of the log produces a result of the desired size. */
  learn(scannedBytes: number, frameBytes: number): void {
    if (frameBytes === 0 || scannedBytes === 0) return;
    const fitting = Math.floor(this.#targetBytes * scannedBytes / frameBytes);
    if (fitting < this.#size) this.#size = Math.max(fitting, FIRST_PIECE_BYTES);
  }
}
