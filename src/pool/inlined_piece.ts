import { readWholeLines } from "../files/whole_lines.ts";
import type { Job } from "./job.ts";
import type { Piece, PieceResult, Scratch } from "./piece.ts";
import type { UnnumberedRequest } from "./thread.ts";

/** Pieces of at most this size are inlined: to read an appended line here costs less than to open its file there. */
export const INLINED_PIECE_BYTES = 64 * 1024;
/** How much of a piece is inlined at a time. */
const MAX_INLINED_BYTES = 1024 * 1024;

/** Is the piece one whose bytes the owner of the file reads, and not the worker? */
export function isInlinedPiece(piece: Piece): boolean {
  return piece.source.dev < 0 || piece.to - piece.from <= INLINED_PIECE_BYTES;
}

/**
 * The request for a piece whose bytes are read here, from the owner's file: all of it, or as much as is inlined at a
 * time. Sets the job's inlinedFacts. Throws what reading throws.
 */
export function inlinedRequest(
  job: Job,
  piece: Piece,
  options: { readonly sliceMs: number; readonly scratch: Scratch },
): { request: UnnumberedRequest; transfer: Transferable[] } {
  const { source, end, first, skip, budget, spec } = piece;
  const { sliceMs, scratch } = options;
  const part = firstPart(piece);
  const lines = readWholeLines(source, { from: part.from, to: part.to, end, first }, scratch);
  job.inlinedFacts = { short: lines.short };
  if (part.rest !== null && !lines.short) {
    job.inlinedFacts = { short: false, resume: { offset: part.rest, skip: 0 } };
  }
  const bytes = new Uint8Array(scratch.bytes.subarray(0, lines.length));
  const { from, to } = lines;
  return {
    request: {
      kind: "scan",
      piece: { from, to, end: to, first: from, skip, budget, spec },
      source: { bytes, offset: from },
      sliceMs,
    },
    transfer: [bytes.buffer],
  };
}

/** A worker's result, with what the inlined bytes could not tell it. */
export function withInlinedFacts(result: PieceResult, facts: Partial<PieceResult>): PieceResult {
  const { short = result.short, resume = null } = facts;
  return { ...result, short, resume: result.resume ?? resume };
}

/** As much of a piece as is inlined at a time, and where the rest begins (forward) or ends. */
function firstPart(piece: Piece): { from: number; to: number; rest: number | null } {
  const { from, to } = piece;
  if (to - from <= MAX_INLINED_BYTES) return { from, to, rest: null };
  return piece.spec.direction === "forward"
    ? { from, to: from + MAX_INLINED_BYTES, rest: from + MAX_INLINED_BYTES }
    : { from: to - MAX_INLINED_BYTES, to, rest: to - MAX_INLINED_BYTES };
}
