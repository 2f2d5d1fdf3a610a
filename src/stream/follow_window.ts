import type { AppendedRange } from "../files/follow.ts";
import type { Instant } from "../scan/instant.ts";
import { hasLaterLine, windowEnd, windowStart } from "../scan/time_search.ts";
import { loopTurns } from "./loop_turns.ts";
import type { LogSource, TimeWindow } from "./plan.ts";
import type { FeedRange } from "./records.ts";

/** Parts of an unfinished line are held back for at most so many bytes, then given out as they are. */
const MAX_HELD_BYTES = 1024 * 1024;

/** setTimeout fires at once for longer delays. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Ranges to read, and how to stop following before their end. */
export interface WindowedFollow {
  readonly ranges: AsyncIterable<FeedRange>;
  close(): void;
}

/**
 * The ranges of a followed log, cut to a time window. It ends as soon as a line later than the stop
 * appears, or at the moment of the stop. Parts (P) before the stop wait for the final line (F)
 * that ends them, and are left out when it does not come in time.
 *
 * @param follow begins following, at once; its signal ends it
 */
export function followWindow(
  follow: (signal: AbortSignal) => AsyncIterator<AppendedRange>,
  window: TimeWindow,
  options: { readonly signal: AbortSignal; readonly now?: () => number },
): WindowedFollow {
  const ended = new AbortController();
  const source = follow(AbortSignal.any([options.signal, ended.signal]));
  let stopPassed = false;
  const cancelTimer = atMoment(window.stop, options.now ?? Date.now, () => {
    stopPassed = true;
    ended.abort();
  });
  const close = () => {
    cancelTimer();
    ended.abort();
  };
  const next = () =>
    source.next().catch((error) => {
      if (stopPassed && !options.signal.aborted) return { done: true as const, value: undefined };
      throw error;
    });
  const breathe = loopTurns(AbortSignal.any([options.signal, ended.signal]));
  return { ranges: cutToWindow({ next, close }, window, breathe), close };
}

async function* cutToWindow(
  followed: { next(): Promise<IteratorResult<AppendedRange>>; close(): void },
  window: TimeWindow,
  breathe: () => Promise<void> | null,
): AsyncGenerator<FeedRange, void> {
  try {
    let start = window.start;
    const cut = window.start === null && window.stop === null ? null : window;
    const held = new HeldParts(cut);
    for (;;) {
      const next = await followed.next();
      if (next.done) return;
      const range = next.value;
      const { source } = range;
      let { from } = range;
      if (start !== null) {
        from = await windowStart(source, source.format, start, range, breathe);
        if (from === range.to) continue;
        start = null;
      }
      if (window.stop === null) {
        yield feed(range, from, range.to, cut);
        continue;
      }
      const rest = { from, to: range.to };
      const over = await hasLaterLine(source, source.format, window.stop, rest, breathe);
      const final = await windowEnd(source, source.format, window.stop, rest, breathe);
      if (final > from) {
        yield* held.release();
        yield feed(range, from, final, cut);
      }
      if (over) return;
      if (held.hold(source, final, range.to) > MAX_HELD_BYTES) yield* held.release();
    }
  } finally {
    followed.close();
  }
}

function feed(
  range: AppendedRange,
  from: number,
  to: number,
  window: TimeWindow | null,
): FeedRange {
  return { source: range.source, from, to, window, shortAt: (offset) => range.shortAt(offset) };
}

/** Parts of a line, kept as bytes: the file that held them may be rotated away before the line ends. */
class HeldParts {
  readonly #window: TimeWindow | null;
  #parts: FeedRange[] = [];
  #bytes = 0;

  constructor(window: TimeWindow | null) {
    this.#window = window;
  }

  /** Returns how many bytes are held now. */
  hold(source: LogSource, from: number, to: number): number {
    if (from >= to) return this.#bytes;
    const bytes = new Uint8Array(to - from);
    const length = source.readAt(from, bytes);
    this.#parts.push({
      source: inMemory(source, bytes.subarray(0, length)),
      from: 0,
      to: length,
      window: this.#window,
    });
    return this.#bytes += length;
  }

  *release(): Generator<FeedRange> {
    const parts = this.#parts;
    this.#parts = [];
    this.#bytes = 0;
    yield* parts;
  }
}

/** A source of bytes that lie in memory. Device and inode are none's, so that no worker opens its path. */
function inMemory(of: LogSource, bytes: Uint8Array): LogSource {
  return {
    path: of.path,
    dev: -1,
    ino: -1,
    format: of.format,
    size: bytes.length,
    readAt(offset, into) {
      const part = bytes.subarray(offset, offset + into.length);
      into.set(part);
      return part.length;
    },
  };
}

/** Calls back once the moment is over (never for null); returns how to stop waiting for it. */
function atMoment(moment: Instant | null, now: () => number, then: () => void): () => void {
  if (moment === null) return () => {};
  let timer: ReturnType<typeof setTimeout> | undefined;
  const wait = () => {
    const left = moment.seconds * 1000 + moment.nanos / 1e6 - now();
    if (left < 0) then();
    else timer = setTimeout(wait, Math.min(left + 1, MAX_TIMER_MS));
  };
  wait();
  return () => clearTimeout(timer);
}
