import type { Piece, PieceResult, ScanPool } from "../../../src/pool/pool.ts";
import type { LogSource } from "../../../src/stream/plan.ts";
import type { RecordsOptions } from "../../../src/stream/records.ts";
import { silent } from "../../../src/telemetry/events.ts";

export const source: LogSource = {
  path: "log",
  dev: 1,
  ino: 1,
  format: "cri",
  size: 1 << 30,
  readAt: () => 0,
};

/**
 * A pool that answers in arbitrary order: a piece's frames are its bounds as text, in parts of at most partBytes of the
 * log, so that many pieces need more than one answer.
 */
export class PiecePool {
  readonly asked: Piece[] = [];
  readonly signals: AbortSignal[] = [];
  readonly #partBytes: number;
  readonly #frameBytes: number;
  #held: (() => void)[] = [];
  open = 0;
  mostOpen = 0;

  /** @param frameBytes of each answer, padded with spaces */
  constructor(partBytes = Infinity, frameBytes = 0) {
    this.#partBytes = partBytes;
    this.#frameBytes = frameBytes;
  }

  scan(piece: Piece, options: { signal: AbortSignal }): Promise<PieceResult> {
    this.asked.push(piece);
    this.signals.push(options.signal);
    this.mostOpen = Math.max(this.mostOpen, ++this.open);
    return new Promise((resolve, reject) => {
      options.signal.addEventListener("abort", () => reject(options.signal.reason));
      this.#held.push(() => {
        this.open--;
        resolve(this.#answer(piece));
      });
      // The newest request is answered first: order is the stream's responsibility.
      setImmediate(() => this.#held.pop()?.());
    });
  }

  #answer(piece: Piece): PieceResult {
    const forward = piece.spec.direction === "forward";
    const size = Math.min(piece.to - piece.from, this.#partBytes);
    const from = forward ? piece.from : piece.to - size;
    const to = from + size;
    const done = forward ? to === piece.to : from === piece.from;
    const frames = new TextEncoder().encode(`${from}-${to} `.padEnd(this.#frameBytes));
    return {
      frames,
      records: 1,
      malformed: 0,
      resume: done ? null : { offset: forward ? to : from, skip: 0, line: null },
      from,
      to,
      bytes: size,
      seconds: 0,
      short: false,
    };
  }
}

export function options(pool: PiecePool, more: Partial<RecordsOptions> = {}): RecordsOptions {
  return {
    direction: "forward",
    grep: "",
    maxRecordBytes: 1000,
    pool: pool as unknown as ScanPool,
    report: silent,
    signal: new AbortController().signal,
    ...more,
  };
}

export async function bounds(stream: ReadableStream<Uint8Array>): Promise<[number, number][]> {
  let text = "";
  for await (const chunk of stream) text += new TextDecoder().decode(chunk).trim() + " ";
  return parseBounds(text);
}

export function parseBounds(text: string): [number, number][] {
  return text.trim().split(" ").filter(Boolean).map((part) => {
    const [from, to] = part.split("-").map(Number);
    return [from!, to!];
  });
}
