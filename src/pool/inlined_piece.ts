import { release } from "../scan/byte_source.ts";
import { linePolicy, MIN_PART_BYTES } from "../scan/line_policy.ts";
import { type LineChunk, type LinePosition, readLines } from "../scan/line_reader.ts";
import { MAX_KEPT_BYTES, type Piece, type PieceResult, resumeAt, type Scratch } from "./piece.ts";
import type { UnnumberedRequest } from "./thread.ts";

/** Pieces up to this size are inlined: reading an appended line here costs less than opening its file in a worker. */
const INLINED_PIECE_BYTES = 64 * 1024;
/** How much of a piece is inlined at a time. */
const MAX_INLINED_BYTES = MIN_PART_BYTES;
/** How long the event loop reads lines to inline at a time, in milliseconds. */
const READ_MS = 4;

/** The inlined part of a piece. */
export interface InlinedLines {
  readonly chunk: LineChunk;
  /** Where it was read. */
  readonly position: LinePosition;
}

/** Whether the piece is scanned in the thread of its stream, in one turn of the event loop, regardless of workers. */
export function isSmallPiece({ from, to, spec, line, source }: Piece): boolean {
  // A long line takes time, however small the piece is in which it begins.
  return to - from <= INLINED_PIECE_BYTES && spec.grep === "" && line === null &&
    source.compressed === undefined;
}

/** Whether the owner of the file, not the worker, reads the bytes of the piece. */
export function isInlinedPiece(piece: Piece): boolean {
  const { source, from, to, line } = piece;
  if (source.compressed !== undefined) return false;
  // A worker continues through a long line on its own: beginning in a small piece says nothing about the line's length.
  return source.dev === null || to - from <= INLINED_PIECE_BYTES && line === null;
}

/**
 * The request for a piece whose bytes are read here, from the owner's file: its next lines, as many as are inlined at a
 * time, or none if reading has only advanced within a long line. Throws what reading throws.
 */
export function inlinedRequest(
  piece: Piece,
  options: { readonly sliceMs: number; readonly scratch: Scratch },
): { request: UnnumberedRequest; transfer: Transferable[]; lines: InlinedLines } {
  const { sliceMs, scratch } = options;
  const { skip, budget, window, spec } = piece;
  const lines = readNext(piece, scratch);
  const { from, length } = lines.chunk;
  const bytes = new Uint8Array(scratch.bytes.subarray(0, length));
  if (scratch.bytes.length > MAX_KEPT_BYTES) release(scratch);
  // The lines form a piece of their own. The offsets of a part are counted from the beginning of its line.
  const to = from + length;
  return {
    request: {
      kind: "scan",
      piece: { from, to, end: to, first: from, line: null, skip, budget, window, spec },
      source: { bytes, offset: from },
      sliceMs,
    },
    transfer: [bytes.buffer],
    lines,
  };
}

function readNext(piece: Piece, scratch: Scratch): InlinedLines {
  const end = performance.now() + READ_MS;
  const policy = linePolicy(piece.spec);
  for (let position: LinePosition = piece;;) {
    const chunk = readLines(piece.source, position, policy, MAX_INLINED_BYTES, scratch);
    const isEmpty = chunk.length === 0 && chunk.malformed === 0 && !chunk.short;
    if (!isEmpty || chunk.next === null || performance.now() >= end) return { chunk, position };
    if (chunk.next.line !== null && isInlinedPiece(piece) && piece.source.dev !== null) {
      return { chunk, position };
    }
    position = chunk.next;
  }
}

/** The result of a piece whose lines were inlined: the worker's result, with offsets of the piece. */
export function inlinedResult(
  piece: Piece,
  { chunk, position }: InlinedLines,
  result: PieceResult,
): PieceResult {
  const { direction } = piece.spec;
  let resume = resumeAt(chunk.next, direction, chunk.length === 0 ? piece.skip : 0);
  if (result.resume !== null) {
    // For a long line, the same part is read again.
    resume = chunk.isPart ? resumeAt(position, direction, result.resume.skip) : result.resume;
  }
  return {
    ...result,
    malformed: result.malformed + chunk.malformed,
    from: chunk.from,
    to: chunk.isPart || chunk.length === 0 ? chunk.to : result.to,
    short: chunk.short && resume === null,
    resume,
  };
}
