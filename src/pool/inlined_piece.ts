import { release } from "../scan/byte_source.ts";
import { linePolicy, MIN_PART_BYTES } from "../scan/line_policy.ts";
import { type LineChunk, type LinePosition, readLines } from "../scan/line_reader.ts";
import { MAX_KEPT_BYTES, type Piece, type PieceResult, resumeAt, type Scratch } from "./piece.ts";
import type { UnnumberedRequest } from "./thread.ts";

/** Pieces of at most this size are inlined: to read an appended line here costs less than to open its file there. */
const INLINED_PIECE_BYTES = 64 * 1024;
/** How much of a piece is inlined at a time. */
const MAX_INLINED_BYTES = MIN_PART_BYTES;
/** How long the event loop reads at a time for lines to inline, milliseconds. */
const READ_MS = 4;

/** What of a piece was inlined. */
export interface InlinedLines {
  readonly chunk: LineChunk;
  /** Where it was read. */
  readonly position: LinePosition;
}

/** Is the piece scanned where its stream runs, in one turn of the event loop, whatever workers there are? */
export function isSmallPiece({ from, to, spec, line, source }: Piece): boolean {
  // A long line takes its time, however small the piece is in which it begins.
  return to - from <= INLINED_PIECE_BYTES && spec.grep === "" && line === null &&
    source.compressed === undefined;
}

/** Is the piece one whose bytes the owner of the file reads, and not the worker? */
export function isInlinedPiece(piece: Piece): boolean {
  const { source, from, to, line } = piece;
  if (source.compressed !== undefined) return false;
  // Through a long line a worker reads on by itself: to begin in a small piece says nothing about its length.
  return source.dev === null || to - from <= INLINED_PIECE_BYTES && line === null;
}

/**
 * The request for a piece whose bytes are read here, from the owner's file: its next lines, as many as are inlined at a
 * time, or none where reading has only come further through a long line. Throws what reading throws.
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
  // The lines are a piece of their own. A part's offsets are counted from where its line begins.
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

/** The result of a piece whose lines were inlined: what the worker found in them, seen from the piece. */
export function inlinedResult(
  piece: Piece,
  { chunk, position }: InlinedLines,
  result: PieceResult,
): PieceResult {
  const { direction } = piece.spec;
  let resume = resumeAt(chunk.next, direction, chunk.length === 0 ? piece.skip : 0);
  if (result.resume !== null) {
    // Of a long line, the same part comes again.
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
