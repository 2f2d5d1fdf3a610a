import type { LogSegment } from "./log_segment.ts";
import type { RotatedHistory } from "./rotated_history.ts";
import type { SegmentChain } from "./segment_chain.ts";

/** How long the lines of a new file wait after a rotation, because the runtime may still write to the old one. */
const SETTLE_MS = 50;
/**
 * Late writes to the old file are still delivered for this long, and an unterminated line at its end waits for its
 * rest: a starved runtime may be in the middle of a write.
 */
const FINISH_MS = 2000;
/** Old descriptors kept for slow readers; older files are found again by content. */
const MAX_HELD = 8;

/**
 * Reads a step of what was appended to a chain's closed segments, and does what is due for them at `now` (milliseconds
 * of the watcher's clock). Returns whether anything has changed.
 */
export function checkClosed(chain: SegmentChain, history: RotatedHistory, now: number): boolean {
  let changed = false;
  let hasStepped = false;
  for (const segment of chain) {
    if (segment.stage !== "closing" && segment.stage !== "settled") continue;
    // A step takes milliseconds, so only one segment is read per check, the oldest first.
    if (segment.isBehind && hasStepped) continue;
    hasStepped ||= segment.isBehind;
    const found = segment.grow({ quick: true });
    if (found === "truncated") {
      // Nobody writes to a rotated file, so its content is gone, unless a copy holds it.
      const copy = history.find(segment, [...chain], { except: segment });
      segment.replaceSource(copy)?.[Symbol.dispose]();
      if (!segment.isBehind) segment.finish();
    }
    changed ||= found !== "same";
    // Lines written before the rotation are read a step at each check; their only delay is the reading.
    if (segment.isBehind) continue;
    const age = now - segment.closedAt;
    if (segment.stage === "closing" && age >= settleMs(segment)) {
      segment.settle();
      changed = true;
    }
    if (segment.stage === "settled" && age >= FINISH_MS) {
      segment.finish();
      changed = true;
    }
  }
  if (changed) parkClosed(chain);
  return changed;
}

/** Whether the file of any segment has bytes that have not been read yet. A step of them is read at each check. */
export function isBehind(chain: SegmentChain): boolean {
  return [...chain].some((segment) => segment.isBehind);
}

/** When the next action is due for a segment, in milliseconds of that clock; 0: now, Infinity: never. */
export function dueAt(chain: SegmentChain): number {
  if (isBehind(chain)) return 0;
  let at = Infinity;
  for (const segment of chain) {
    if (segment.stage === "closing") at = Math.min(at, segment.closedAt + settleMs(segment));
    else if (segment.stage === "settled") at = Math.min(at, segment.closedAt + FINISH_MS);
  }
  return at;
}

/** Returns the descriptors that a slow reader will need last. */
export function parkClosed(chain: SegmentChain): void {
  const held = [...chain].slice(0, -1).filter((segment) => !segment.isParked && !segment.isLost);
  for (const segment of held.slice(MAX_HELD)) {
    // An unfinished segment may still get a last line, and one without text could not be found.
    const canBeFound = segment.fingerprint.time !== null;
    if (segment.stage === "finished" && canBeFound && !chain.isRead(segment)) segment.park();
  }
}

/** Finishes all segments with their current content: nothing more will be appended to any of them. */
export function finishAll(chain: SegmentChain): void {
  for (const segment of chain) {
    if (segment.stage === "finished") continue;
    try {
      segment.grow();
    } catch {
      // It can no longer be read: what is known of it stays.
    }
    segment.finish();
  }
}

function settleMs(segment: LogSegment): number {
  return segment.hasUnterminatedLine ? FINISH_MS : SETTLE_MS;
}
