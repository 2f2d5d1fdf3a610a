/** The result of checking a path. */
export type PathState =
  | { readonly kind: "file"; readonly dev: number; readonly ino: number }
  /** There is nothing, or a link that leads nowhere. */
  | { readonly kind: "absent" }
  /** Something that is no regular file. */
  | { readonly kind: "other" }
  /** It cannot be examined: no permission, or no descriptor left. */
  | { readonly kind: "refused" };

/** Size and time of change of a file, and as much of it as is known already. */
export interface FileState {
  /** Bytes. */
  readonly size: number;
  /** Null: not seen yet. "unknown": seen, and changed since whatever its time is now. */
  readonly mtimeMs: number | "unknown" | null;
}

/** What has happened to the bytes of one open file since they were read. */
export type ContentChange = "same" | "grown" | "truncated";

/**
 * Tells growth from truncation. A file that was truncated may have regrown beyond its old size, or to exactly the same
 * size within the same millisecond, so its known bytes are compared unless that costs too much.
 *
 * @param known as the file was seen last
 * @param isIntact are the bytes that are known still in their places? Asked only where size and time do not tell
 * @param options.quick the same size and time mean that nothing has happened
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
  // Empty as before but touched: it was written and truncated in between.
  if (now.size === 0) return isTouched && known.mtimeMs !== null ? "truncated" : "same";
  if (!isIntact()) return "truncated";
  return now.size > known.size ? "grown" : "same";
}

/** What has happened to a log. */
export type Transition =
  /** Lines were appended to the file that is open. */
  | "grown"
  /** The file that is open was truncated; what it held may be in a copy. */
  | "truncated"
  /** Another file has taken the log's place. */
  | "rotated"
  /** The open file is the log's still, under another path. */
  | "moved"
  /** Link and file are gone for good. */
  | "gone"
  /** The log could not be examined for too long. */
  | "refused";

/** All that was observed of a log at one moment. */
export interface Observation {
  /** Of the file that is open. */
  readonly content: ContentChange;
  readonly open: { readonly dev: number | null; readonly ino: number | null };
  /** What lies at the open file's path. */
  readonly path: PathState;
  /** What the log's link leads to; null: not examined. */
  readonly link: PathState | null;
  /** Is the link itself gone, not only what it leads to? */
  readonly linkIsGone: boolean;
  /** For how long link and file have been gone, milliseconds; 0 where one is there. */
  readonly goneMs: number;
  /** For how long the log could not be examined. */
  readonly refusedMs: number;
}

/** A rotation has a moment without link or file. A log that is gone, or refused, for longer than this has ended. */
export const GONE_MS = 2000;

/**
 * What has happened, in the order in which it is to be handled. The lines of the open file come first: whatever its
 * path leads to by now, its descriptor still reads them.
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
