/** The result of checking a path. */
export type PathState =
  | { readonly kind: "file"; readonly dev: number; readonly ino: number }
  /** There is nothing, or a link that leads nowhere. */
  | { readonly kind: "absent" }
  /** Something other than a regular file. */
  | { readonly kind: "other" }
  /** It cannot be examined: no permission, or no descriptor left. */
  | { readonly kind: "refused" };

/** Size and modification time of a file, and what is already known of it. */
export interface FileState {
  /** Bytes. */
  readonly size: number;
  /** Null: not seen yet. "unknown": seen, and changed since, whatever its time is now. */
  readonly mtimeMs: number | "unknown" | null;
}

/** What has happened to the bytes of one open file since they were read. */
export type ContentChange = "same" | "grown" | "truncated";

/**
 * Distinguishes growth from truncation. A truncated file may have regrown beyond its old size, or to exactly the same
 * size within the same millisecond, so its known bytes are compared unless that costs too much.
 *
 * @param known the file's last known state
 * @param isIntact whether the known bytes are still in place; called only if size and time are not conclusive
 * @param options.quick whether the same size and time mean that nothing has happened
 *
 * @example
 * ```ts
 * import assert from "node:assert/strict";
 * import { contentChange } from "./transitions.ts";
 *
 * const change = (known: number, now: number) =>
 *   contentChange({ size: known, mtimeMs: 1 }, { size: now, mtimeMs: 2 }, () => true, { quick: false });
 * assert.equal(change(10, 20), "grown");
 * assert.equal(change(20, 10), "truncated");
 * ```
 */
export function contentChange(
  known: FileState,
  now: FileState,
  isIntact: () => boolean,
  options: { readonly quick: boolean },
): ContentChange {
  if (now.size < known.size) return "truncated";
  const isTouched = now.size !== known.size || now.mtimeMs !== known.mtimeMs;
  if (!isTouched && options.quick) return "same";
  // Still empty but touched: it was written and truncated in between.
  if (now.size === 0) return isTouched && known.mtimeMs !== null ? "truncated" : "same";
  if (!isIntact()) return "truncated";
  return now.size > known.size ? "grown" : "same";
}

/** What has happened to a log. */
export type Transition =
  /** Lines were appended to the open file. */
  | "grown"
  /** The open file was truncated; its content may be in a copy. */
  | "truncated"
  /** Another file has taken the log's place. */
  | "rotated"
  /** The open file is still the log's, at another path. */
  | "moved"
  /** Link and file are permanently gone. */
  | "gone"
  /** The log could not be examined for too long. */
  | "refused";

/** Everything that was observed of a log at one moment. */
export interface Observation {
  /** Of the open file. */
  readonly content: ContentChange;
  readonly open: { readonly dev: number | null; readonly ino: number | null };
  /** What is at the open file's path. */
  readonly path: PathState;
  /** What the log's link leads to; null: not examined. */
  readonly link: PathState | null;
  /** Whether the link itself is gone, not only its target. */
  readonly linkIsGone: boolean;
  /** How long link and file have been gone, milliseconds; 0 if one of them exists. */
  readonly goneMs: number;
  /** How long the log could not be examined, milliseconds. */
  readonly refusedMs: number;
}

/**
 * During a rotation, link or file may be missing for a moment. A log that is gone or refused for longer than this has
 * ended.
 */
export const GONE_MS = 2000;

/**
 * What has happened, in the order in which it must be handled. The lines of the open file come first: wherever its path
 * leads by now, its descriptor still reads them.
 *
 * ```ts
 * import assert from "node:assert/strict";
 * import { transitions } from "./transitions.ts";
 *
 * const open = { dev: 1, ino: 2 };
 * const observed = {
 *   content: "grown",
 *   open,
 *   path: { kind: "file", dev: 1, ino: 3 },
 *   link: null,
 *   linkIsGone: false,
 *   goneMs: 0,
 *   refusedMs: 0,
 * } as const;
 * assert.deepEqual(transitions(observed), ["grown", "rotated"]);
 * ```
 */
export function transitions(observed: Observation): Transition[] {
  const happened: Transition[] = observed.content === "same" ? [] : [observed.content];
  const place = placeChange(observed);
  if (place !== null) happened.push(place);
  return happened;
}

function placeChange({ open, path, link, linkIsGone, goneMs, refusedMs }: Observation) {
  const isOpen = (state: PathState) =>
    state.kind === "file" && state.dev === open.dev && state.ino === open.ino;
  if (link !== null && link.kind === "file" && !isOpen(link)) return "rotated";
  if (isOpen(path)) return null;
  if (path.kind === "file" || path.kind === "other") return "rotated";
  if (link !== null && isOpen(link)) return "moved";
  if (path.kind === "refused" || link?.kind === "refused") {
    return refusedMs >= GONE_MS ? "refused" : null;
  }
  return linkIsGone && goneMs >= GONE_MS ? "gone" : null;
}
