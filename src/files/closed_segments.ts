import type { LogSegment } from "./log_segment.ts";
import type { RotatedHistory } from "./rotated_history.ts";
import type { SegmentChain } from "./segment_chain.ts";

/** How long the lines of a new file wait after a rotation, because the runtime may still write to the old one. */
const SETTLE_MS = 50;
/**
 * Late writes to the old file are still delivered for this long, and an unterminated line at its end waits for its rest:
 * a starved runtime may be in the middle of a write.
 */
const FINISH_MS = 2000;
/** Old descriptors kept for slow readers; beyond, what they read next is found again by content. */
const MAX_HELD = 8;

/**
 * Reads a step of what has come to a chain's closed segments, and does what falls due for them by `now` (milliseconds of
 * the watcher's clock). Returns whether anything has changed.
 */
export function checkClosed(chain: SegmentChain, history: RotatedHistory, now: number): boolean {
  let changed = false;
  for (const segment of chain) {
    if (segment.stage !== "closing" && segment.stage !== "settled") continue;
    const found = segment.grow({ quick: true });
    if (found === "truncated") {
      // A rotated file is written to by nobody, so what it held is gone, unless a copy holds it.
      const copy = history.find(segment, [...chain], { except: segment });
      segment.replaceSource(copy)?.[Symbol.dispose]();
      if (!segment.isBehind) segment.finish();
    }
    changed ||= found !== "same";
    // What was written before the rotation is read a step at each check, and is late no more than its reading.
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

/** Has any segment's file bytes that were not read yet? A step of them is read at each check. */
export function isBehind(chain: SegmentChain): boolean {
  return [...chain].some((segment) => segment.isBehind);
}

/** When the next thing falls due for a segment, milliseconds of that clock; 0: at once, Infinity: nothing does. */
export function dueAt(chain: SegmentChain): number {
  if (isBehind(chain)) return 0;
  let at = Infinity;
  for (const segment of chain) {
    if (segment.stage === "closing") at = Math.min(at, segment.closedAt + settleMs(segment));
    else if (segment.stage === "settled") at = Math.min(at, segment.closedAt + FINISH_MS);
  }
  return at;
}

/** Gives back the descriptors that a slow reader will need last. */
export function parkClosed(chain: SegmentChain): void {
  const held = [...chain].slice(0, -1).filter((segment) => !segment.isParked && !segment.isLost);
  for (const segment of held.slice(MAX_HELD)) {
    // To one that is not finished a last line may still come, and of one without text none would be found.
    const canBeFound = segment.fingerprint.time !== null;
    if (segment.stage === "finished" && canBeFound && !chain.isRead(segment)) segment.park();
  }
}

/** Finishes all segments with what they hold now: nothing more will come to any of them. */
export function finishAll(chain: SegmentChain): void {
  for (const segment of chain) {
    if (segment.stage === "finished") continue;
    try {
      segment.grow();
    } catch {
      // It cannot be read any more: what is known of it stays.
    }
    segment.finish();
  }
}

function settleMs(segment: LogSegment): number {
  return segment.hasUnterminatedLine ? FINISH_MS : SETTLE_MS;
}
