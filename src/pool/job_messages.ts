/** The request that a worker gets for a job, and how the worker's answer ends the job. */
import { Failure } from "../failure/failure.ts";
import { inlinedRequest, inlinedResult } from "./inlined_piece.ts";
import type { Job } from "./job.ts";
import type { ResponseMessage } from "./messages.ts";
import type { Piece, Scratch } from "./piece.ts";
import type { UnnumberedRequest } from "./thread.ts";

/** A request, and the buffers that are transferred to the worker with it. */
export interface JobRequest {
  readonly request: UnnumberedRequest;
  readonly transfer: Transferable[];
}

/**
 * A job's request. For an inlined piece, it reads the next lines into the scratch memory, and stores with the job what
 * is needed to interpret the result. Throws what reading throws, and if a piece has no file.
 */
export function requestFor(
  job: Job,
  options: { readonly sliceMs: number; readonly scratch: Scratch },
): JobRequest {
  const { piece, locate, examine, spec } = job;
  const { sliceMs } = options;
  if (locate !== null) {
    const { compressed, format, window } = locate;
    return {
      request: { kind: "locate", source: compressed, format, window, sliceMs },
      transfer: [],
    };
  }
  if (examine !== null) {
    const { compressed, range } = examine;
    return { request: { kind: "examine", source: compressed, range, sliceMs }, transfer: [] };
  }
  if (piece === null) return { request: { kind: "check", spec }, transfer: [] };
  if (job.isInlined) {
    const { lines, ...inlined } = inlinedRequest(piece, options);
    job.inlined = lines;
    return inlined;
  }
  return { request: fileRequest(piece, sliceMs), transfer: [] };
}

/** For a piece whose file the worker opens. */
function fileRequest({ source, ...piece }: Piece, sliceMs: number): UnnumberedRequest {
  const { from, to, end, first, line, skip, budget, window, spec } = piece;
  const { path, dev, ino } = source.compressed ?? source;
  if (dev === null || ino === null) throw new Error(`Cannot send ${path} to a worker: not a file`);
  return {
    kind: "scan",
    piece: { from, to, end, first, line, skip, budget, window, spec },
    source: { path, dev, ino, isCompressed: source.compressed !== undefined },
    sliceMs,
    leavesLongLines: spec.format === "docker" && line === null,
  };
}

/** Ends a job with a worker's answer. */
export function endJob(job: Job, response: ResponseMessage): void {
  switch (response.kind) {
    case "scanned":
      return job.finish(
        job.inlined === null || job.piece === null
          ? response.result
          : inlinedResult(job.piece, job.inlined, response.result),
      );
    case "checked":
      return job.finish(null);
    case "located":
      return job.finish(response.bounds);
    case "examined":
      return job.finish(response.examined);
    case "engine-full":
      return job.fail(
        new Failure(
          "invalid-argument",
          "Invalid grep pattern: too big for the regex engine's memory",
        ),
      );
    case "file-unavailable": // For a compressed log that was deleted meanwhile.
      return job.fail(
        new Failure(
          "not-found",
          `failed to access log file ${compressedPath(job)}: it was removed meanwhile`,
        ),
      );
    case "failed":
      return job.fail(new Failure(response.failure, response.message));
    default:
      return job.fail(new Failure("internal", `Cannot scan the log: ${response.kind}`));
  }
}

function compressedPath({ locate, examine, piece }: Job): string {
  const file = locate?.compressed ?? examine?.compressed ?? piece?.source.compressed;
  return file?.path ?? "";
}
