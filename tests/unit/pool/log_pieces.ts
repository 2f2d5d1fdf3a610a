import { Buffer } from "node:buffer";
import type { Piece, PieceResult, PieceSource } from "../../../src/pool/piece.ts";
import { createScanner, type Direction, type ScanSpec } from "../../../src/scan/scan.ts";
import type { Random } from "../../harness/random.ts";

/** A source of bytes in memory; counts how often it was read. */
export class MemorySource implements PieceSource {
  readonly path = "in memory";
  readonly dev = null;
  readonly ino = null;
  reads = 0;
  constructor(readonly bytes: Uint8Array) {}

  get size(): number {
    return this.bytes.length;
  }

  readAt(offset: number, into: Uint8Array): number {
    this.reads++;
    const part = this.bytes.subarray(offset, offset + into.length);
    into.set(part);
    return part.length;
  }
}

/** A whole source as one piece. */
export function wholePiece(source: Piece["source"], of: Piece["spec"], budget = Infinity): Piece {
  const { size } = source;
  return {
    spec: of,
    source,
    from: 0,
    to: size,
    end: size,
    first: 0,
    line: null,
    skip: 0,
    budget,
    window: null,
  };
}

export function cri(message: string, second = 0, tag = "F"): string {
  const time = new Date(1_700_000_000_000 + second * 1000).toISOString().replace("Z", "123456Z");
  return `${time} stdout ${tag} ${message}\n`;
}

/** A CRI log with lines of all lengths, some of them malformed, some over-long, the last one possibly incomplete. */
export function randomLog(random: Random, lines: number): string {
  let text = "";
  for (let line = 0; line < lines; line++) {
    const length = random.chance(0.05) ? random.below(5000) : random.below(80);
    const words = random.chance(0.2) ? "needle " : "";
    if (random.chance(0.05)) text += `malformed ${words}\n`;
    else text += cri(words + "x".repeat(length), line, random.chance(0.1) ? "P" : "F");
  }
  return random.chance(0.3) ? text.slice(0, -1) : text;
}

export const MAX_RECORD_BYTES = 1000;

export function spec(direction: Direction, grep = ""): ScanSpec {
  return { format: "cri", direction, grep, maxRecordBytes: MAX_RECORD_BYTES };
}

/** The frames of a whole log, scanned in one go. */
export async function wholeFrames(bytes: Uint8Array, of: ScanSpec): Promise<Uint8Array> {
  const scanner = await createScanner(of);
  return scanner.scan(bytes, 0, bytes.length, { budget: Infinity }).frames;
}

/** Scans a piece to its end, however often it pauses. Returns all frames, and the number of scans. */
export async function toTheEnd(
  piece: Piece,
  scan: (piece: Piece) => Promise<PieceResult>,
): Promise<{ frames: Uint8Array; scans: number; records: number; malformed: number }> {
  const frames: Uint8Array[] = [];
  let left = piece;
  let records = 0;
  let malformed = 0;
  for (let scans = 1;; scans++) {
    const result = await scan(left);
    frames.push(result.frames);
    records += result.records;
    malformed += result.malformed;
    if (result.resume === null) return { frames: joined(frames), scans, records, malformed };
    const { offset, skip, line } = result.resume;
    left = piece.spec.direction === "forward"
      ? { ...left, from: offset, skip, line }
      : { ...left, to: offset, skip, line };
  }
}

export function joined(parts: readonly Uint8Array[]): Uint8Array {
  return new Uint8Array(Buffer.concat(parts));
}
