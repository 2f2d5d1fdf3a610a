import type { Failure } from "../failure/failure.ts";
import { lstat, stat } from "../platform/files.ts";
import type { LocatedLog } from "./locate.ts";
import type { LogSegment } from "./log_segment.ts";
import { exists, isSameFile, stateAt } from "./path_state.ts";
import { Refusal } from "./refusal.ts";
import { GONE_MS, type Transition, transitions } from "./transitions.ts";

/** A file that has just appeared may be in a folder that is not watched yet. */
const YOUNG = { forMs: 2000, everyMs: 50 };
/** The end of a rotation that was found half done may not cause an event. */
const AMID_ROTATION = { forMs: 2000, everyMs: 20 };
/** How often the agent retries a log that it may not examine. */
const REFUSED_MS = 50;

export interface ObserveOptions {
  /** Whether the link is examined even though the file is where it was. */
  readonly followsLink: boolean;
  /** Whether the same size and modification time mean that nothing has happened. */
  readonly isQuick: boolean;
  /** False: what was appended to the file is not read. */
  readonly grows: boolean;
}

/**
 * Observes a log's file, path and link, and remembers since when they have been gone, refused, or in the middle of a
 * rotation. Owned by the RotationTracker, which alone calls it.
 */
export class LogObserver {
  readonly refusal: Refusal;
  readonly #now: () => number;
  readonly #youngUntil: number;
  #goneSince: number | null = null;
  #amidRotationSince: number | null = null;

  constructor(
    linkPath: string,
    options: {
      /** Milliseconds, as for all due times here. */
      readonly now: () => number;
      readonly isYoung: boolean;
    },
  ) {
    this.#now = options.now;
    this.refusal = new Refusal(linkPath, options.now);
    this.#youngUntil = options.isYoung ? options.now() + YOUNG.forMs : 0;
  }

  /** What has happened to the log whose file is the segment's, in the order in which it must be handled. */
  observe(log: LocatedLog, segment: LogSegment, options: ObserveOptions): Transition[] {
    const path = stateAt(lstat, log.realPath);
    const open = { dev: segment.dev, ino: segment.ino };
    const isOpen = isSameFile(path.state, open);
    const now = isOpen && path.facts !== null ? { now: path.facts } : {};
    const content = options.grows ? segment.grow({ ...now, quick: options.isQuick }) : "same";
    const link = isOpen && !options.followsLink ? null : stateAt(stat, log.linkPath);
    const refused = path.error ?? link?.error ?? null;
    if (refused !== null) this.refusal.refuse(refused);
    else if (isOpen && (link === null || isSameFile(link.state, open))) this.refusal.clear();
    const linkIsGone = link?.state.kind === "absent" && !exists(log.linkPath);
    const isGone = path.state.kind === "absent" && linkIsGone;
    this.#goneSince = isGone ? this.#goneSince ?? this.#now() : null;
    this.#amidRotationSince = isOpen ? null : this.#amidRotationSince ?? this.#now();
    return transitions({
      content,
      open,
      path: path.state,
      link: link?.state ?? null,
      linkIsGone,
      goneMs: this.#goneSince === null ? 0 : this.#now() - this.#goneSince,
      refusedMs: this.refusal.ms,
    });
  }

  /** The file at the log's path is the open one again. */
  replaced(): void {
    this.#amidRotationSince = null;
  }

  /** What was observed could not be handled. Returns the failure if it is time to give the log up. */
  failed(error: unknown): Failure | null {
    const failure = this.refusal.failureOf(error);
    // Not there yet, or replaced once more.
    if (failure.kind === "not-found") {
      this.#amidRotationSince ??= this.#now();
      return null;
    }
    this.refusal.refuse(failure);
    return this.refusal.mayGiveUp ? failure : null;
  }

  /** When to observe the log again without an event, in milliseconds; Infinity: at the next tick. */
  get dueAt(): number {
    const now = this.#now();
    let at = this.#goneSince === null ? Infinity : this.#goneSince + GONE_MS;
    const isAmidRotation = this.#amidRotationSince !== null &&
      now - this.#amidRotationSince < AMID_ROTATION.forMs;
    if (isAmidRotation) at = Math.min(at, now + AMID_ROTATION.everyMs);
    if (this.refusal.failure !== null) at = Math.min(at, now + REFUSED_MS);
    if (now < this.#youngUntil) at = Math.min(at, now + YOUNG.everyMs);
    return at;
  }
}
