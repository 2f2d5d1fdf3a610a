import type { LogFormat } from "./format.ts";

/** How lines are read: limits the memory that a single line may take. */
export interface LinePolicy {
  readonly format: LogFormat;
  readonly direction: "forward" | "backward";
  /** Longer messages are split into several records. */
  readonly maxRecordBytes: number;
  /** A longer line is not held in memory: it is read in parts, or skipped. */
  readonly heldBytes: number;
}

/**
 * Docker splits messages at 16 KiB; a line longer than this is malformed. The time comes last, so a line is held whole.
 */
const MAX_DOCKER_LINE_BYTES = 16 * 1024 * 1024;
/** Room for everything before the message of a CRI line. */
export const MAX_HEADER_BYTES = 4096;
/**
 * Small records are read in parts of several. Blocks are no larger than this, so a line is either always held or always
 * read in parts, regardless of where reading begins: the number of completed records means the same everywhere.
 */
export const MIN_PART_BYTES = 1024 * 1024;
/** The event loop leaves longer lines to a worker. */
const MAX_INLINE_LINE_BYTES = 256 * 1024;

/**
 * How much of a CRI line's message is read at a time if the line is not held whole.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { partBytes } from "./line_policy.ts";
 *
 * assert.equal(partBytes({ maxRecordBytes: 2 * 1024 * 1024 }), 2 * 1024 * 1024);
 * assert.equal(partBytes({ maxRecordBytes: 16 }), 1024 * 1024);
 * ```
 */
export function partBytes(policy: { readonly maxRecordBytes: number }): number {
  return Math.max(policy.maxRecordBytes, MIN_PART_BYTES);
}

/**
 * The policy of a scan. `inline`: it runs on the event loop, so long lines are only detected.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { linePolicy } from "./line_policy.ts";
 *
 * const spec = { format: "cri", direction: "forward", maxRecordBytes: 2 * 1024 * 1024 } as const;
 * assert.equal(linePolicy(spec, { inline: true }).heldBytes, 256 * 1024);
 * ```
 */
export function linePolicy(
  spec: Omit<LinePolicy, "heldBytes">,
  { inline = false }: { readonly inline?: boolean } = {},
): LinePolicy {
  const { format, direction, maxRecordBytes } = spec;
  const heldBytes = format === "docker"
    ? MAX_DOCKER_LINE_BYTES
    : partBytes(spec) + MAX_HEADER_BYTES;
  return {
    format,
    direction,
    maxRecordBytes,
    heldBytes: inline ? Math.min(heldBytes, MAX_INLINE_LINE_BYTES) : heldBytes,
  };
}
