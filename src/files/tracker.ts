import { Failure } from "../failure/failure.ts";
import { fileErrorKind, type FileFacts, lstat, stat } from "../platform/files.ts";
import type { Report } from "../telemetry/events.ts";
import type { Cause, Changes } from "./changes.ts";
import { equal, Generation, HEAD_BYTES, MIN_HEAD_BYTES } from "./generation.ts";
import { GzipLog } from "./gzip_log.ts";
import { accessFailure, locate, type LocatedLog, type LogRoots } from "./locate.ts";
import { LogFile, type LogSource } from "./log_file.ts";
import { listSiblings, openSibling, type Sibling } from "./siblings.ts";

/** After a rotation the runtime may still write to the old file; the new one's lines wait for so long. */
const SETTLE_MS = 50;
/** The same when the old file ends amid a line. */
const SETTLE_HALF_MS = 500;
/** What comes to the old file until then is given out still, late rather than never. */
const FINISH_MS = 2000;
/** A log whose link and file are gone for so long has ended. */
const GONE_MS = 2000;
/** A file that has just appeared may lie in a folder that is not watched yet. */
const YOUNG = { forMs: 2000, everyMs: 50 };
const MIN_WAIT_MS = 5;
/** Old descriptors kept for slow readers; beyond, what they read next is looked for by path. */
const MAX_HELD = 8;

export interface TrackerOptions {
  readonly roots: LogRoots;
  readonly changes: Changes;
  readonly report: Report;
  /** The file has appeared only now. */
  readonly young: boolean;
}

/**
 * One container's log through all its files, shared by all who follow it: the chain of generations from the oldest that
 * someone still reads to the one that the runtime writes to.
 */
export class Tracker {
  readonly #options: TrackerOptions;
  #located: LocatedLog;
  /** Oldest first. */
  readonly #chain: Generation[] = [];
  readonly #followers = new Set<() => void>();
  /** How the files begin that are older than the current one: by this their rotated siblings are told from new ones. */
  #known: Uint8Array[];
  #unregister: () => void;
  #goneSince: number | null = null;
  #refusedSince: number | null = null;
  #youngUntil = 0;
  #deadline: { at: number; cancel: () => void } | null = null;
  #looking = false;
  #ended = false;
  #failure: Failure | null = null;

  /** Throws Failure where the log cannot be opened. */
  constructor(located: LocatedLog, options: TrackerOptions) {
    this.#options = options;
    this.#located = located;
    const file = LogFile.open(located);
    this.#chain.push(new Generation(file));
    this.#known = listSiblings(located.realPath).map(headOf);
    this.#unregister = options.changes.onFile(located.realPath, (cause) => this.look(cause));
    if (options.young) this.#youngUntil = this.#now() + YOUNG.forMs;
    this.look("event");
  }

  /** The generation that is written to. */
  get current(): Generation {
    const last = this.#chain.at(-1);
    if (last === undefined) throw new Error("a tracker without a file");
    return last;
  }

  /** Nothing more will come: the log is gone, or may not be read any more (failure). */
  get ended(): boolean {
    return this.#ended;
  }

  get failure(): Failure | null {
    return this.#failure;
  }

  /** The generation after this one. */
  after(generation: Generation): Generation | null {
    return this.#chain[this.#chain.indexOf(generation) + 1] ?? null;
  }

  /** Calls `wake` when there may be more to read. Returns how to end that. */
  onMore(wake: () => void): () => void {
    this.#followers.add(wake);
    return () => {
      this.#followers.delete(wake);
    };
  }

  /** How many follow it. */
  get users(): number {
    return this.#followers.size;
  }

  enter(generation: Generation): void {
    generation.readers++;
  }

  leave(generation: Generation): void {
    generation.readers--;
    // What is older than the oldest that is read will be read by nobody: a new follower begins at the current one.
    while (this.#chain.length > 1 && this.#chain[0]?.readers === 0) {
      const old = this.#chain.shift();
      if (old === undefined) break;
      this.#known.push(old.head);
      old.close();
    }
  }

  close(): void {
    this.#unregister();
    this.#deadline?.cancel();
    this.#deadline = null;
    for (const generation of this.#chain) generation.close();
    this.#ended = true;
  }

  /** Takes notice of what has happened to the log. Returns whether anything had. */
  look(cause: Cause): boolean {
    if (this.#ended || this.#looking) return false;
    this.#looking = true;
    try {
      const changed = this.#lookAtAll(cause);
      if (changed) { for (const wake of [...this.#followers]) wake(); }
      this.#setDeadline();
      return changed;
    } finally {
      this.#looking = false;
    }
  }

  /** Finds the file of a parked generation again by its path; lost where it has gone. */
  reopen(generation: Generation): void {
    if (!generation.parked) return;
    for (const sibling of listSiblings(this.#located.realPath)) {
      const source = tryOpen(sibling);
      if (source === null) continue;
      if (generation.isHeldBy(source)) {
        generation.replace(source);
        generation.commitHalfLine();
        return;
      }
      source[Symbol.dispose]();
    }
    generation.replace(null);
  }

  #lookAtAll(cause: Cause): boolean {
    try {
      const changed = this.#lookAtCurrent(cause);
      return this.#lookAtOld() || changed;
    } catch (error) {
      return this.#refused(error);
    }
  }

  #lookAtCurrent(cause: Cause): boolean {
    const facts = factsAt(lstat, this.#located.realPath);
    if (facts === null) return this.#missing();
    this.#goneSince = null;
    const current = this.current;
    if (!facts.isFile || facts.dev !== current.dev || facts.ino !== current.ino) {
      return this.#rotated();
    }
    if (cause === "tick") {
      const target = factsAt(stat, this.#located.linkPath);
      if (target !== null && (target.dev !== current.dev || target.ino !== current.ino)) {
        return this.#rotated();
      }
    }
    const grown = this.#growCurrent(cause, facts);
    if (cause === "tick") this.#refusedSince = null;
    return grown;
  }

  #growCurrent(cause: Cause, facts?: FileFacts): boolean {
    const found = this.current.grow({ facts, quick: cause === "poll" });
    if (found === "truncated") this.#truncated();
    return found !== "same";
  }

  #lookAtOld(): boolean {
    let changed = false;
    const now = this.#now();
    for (const old of this.#chain) {
      if (old.stage !== "sealed" && old.stage !== "settled") continue;
      const found = old.grow({ quick: true });
      if (found === "truncated") {
        // A rotated file is not written to, so this is somebody's hand: what it held is gone.
        old.replace(null)?.[Symbol.dispose]();
        old.finish();
      }
      changed = changed || found !== "same";
      const age = now - old.sealedAt;
      if (old.stage === "sealed" && age >= (old.hasHalfLine ? SETTLE_HALF_MS : SETTLE_MS)) {
        old.commitHalfLine();
        old.stage = "settled";
        changed = true;
      }
      if (old.stage === "settled" && age >= FINISH_MS) {
        old.finish();
        // It may have been empty when the siblings were listed.
        this.#known.push(old.head);
        changed = true;
      }
    }
    if (changed) this.#park();
    return changed;
  }

  /** The path leads nowhere: a rotation that is under way, a link that leads elsewhere now, or the end. */
  #missing(): boolean {
    const grown = this.#growCurrent("event");
    if (factsAt(stat, this.#located.linkPath) !== null) {
      this.#goneSince = null;
      return this.#rotated();
    }
    this.#refusedSince = null;
    const now = this.#now();
    const linkIsGone = factsAt(lstat, this.#located.linkPath) === null;
    if (!linkIsGone) this.#goneSince = null;
    else this.#goneSince ??= now;
    if (this.#goneSince === null || now - this.#goneSince < GONE_MS) return grown;
    this.#end(null);
    return true;
  }

  #end(failure: Failure | null): void {
    for (const generation of [...this.#chain]) {
      if (generation.stage === "finished") continue;
      try {
        generation.grow();
      } catch {
        // Not readable any more: what is known of it stays.
      }
      generation.finish();
    }
    this.#ended = true;
    this.#failure = failure;
    this.#unregister();
    this.#deadline?.cancel();
    this.#deadline = null;
  }

  /** Another file has taken the log's place, or will in a moment. */
  #rotated(): boolean {
    this.#growCurrent("event");
    const old = this.current;
    let located: LocatedLog;
    let file: LogFile;
    try {
      located = locate(this.#options.roots, this.#located.name);
      if (located.dev === old.dev && located.ino === old.ino) return this.#moved(located);
      file = LogFile.open(located);
    } catch (error) {
      return this.#refused(error);
    }
    this.#refusedSince = null;
    this.#seal(old);
    for (const sibling of this.#unseen(old, located)) this.#append(sibling);
    const current = new Generation(file);
    this.#chain.push(current);
    current.grow();
    this.#moved(located);
    this.#park();
    this.#options.report({ type: "rotation" });
    return true;
  }

  /** The same file on another path. */
  #moved(located: LocatedLog): boolean {
    if (located.realPath !== this.#located.realPath) {
      this.#unregister();
      this.#unregister = this.#options.changes.onFile(
        located.realPath,
        (cause) => this.look(cause),
      );
    }
    this.#located = located;
    return false;
  }

  #refused(error: unknown): boolean {
    const failure = error instanceof Failure ? error : accessFailure(this.#located.linkPath, error);
    // Not there yet, or replaced once more: seen at the next look.
    if (failure.kind === "not-found") return false;
    const now = this.#now();
    this.#refusedSince ??= now;
    if (now - this.#refusedSince < GONE_MS) return false;
    this.#end(failure);
    return true;
  }

  /** The current file was cut off and is written anew from its beginning. */
  #truncated(): void {
    const old = this.current;
    // Where the file itself is among them it was renamed meanwhile: copies of it are older.
    const all = listSiblings(this.#located.realPath);
    const itself = all.findIndex((s) => isFileOf(old, s));
    const siblings = itself < 0 ? all : all.slice(0, itself);
    const copied = this.#copyOf(old, siblings);
    const older = this.#olderHeads();
    const file = old.replace(copied?.source ?? null);
    old.sealedAt = this.#now();
    old.finish();
    // Later copies hold what was written and cut off between two looks; of a file that was empty when it was seen
    // last, all copies that are new.
    const unseen = copied !== null
      ? siblings.slice(copied.index + 1)
      : old.knownEnd === 0
      ? siblings.filter((sibling) =>
        !this.#holds(sibling) && !beginsLikeOne(older, headOf(sibling))
      )
      : [];
    for (const sibling of unseen) this.#append(sibling);
    this.#known = siblings.map(headOf);
    if (file !== null) {
      const current = new Generation(file);
      this.#chain.push(current);
      current.grow();
    }
    this.#park();
    this.#options.report({ type: "rotation" });
  }

  /** The sibling that holds what the old generation held, the newest first. */
  #copyOf(old: Generation, siblings: readonly Sibling[]) {
    for (let index = siblings.length - 1; index >= 0; index--) {
      const sibling = siblings[index];
      const source = sibling === undefined ? null : tryOpen(sibling);
      if (source === null) continue;
      if (old.isHeldBy(source)) return { index, source };
      source[Symbol.dispose]();
    }
    return null;
  }

  /** Files that were current between the old one and the one found now, and that nobody saw. */
  #unseen(old: Generation, now: LocatedLog): Sibling[] {
    const siblings = listSiblings(this.#located.realPath);
    const heads = siblings.map(headOf);
    const older = this.#olderHeads();
    const to = siblings.findIndex((s) => s.dev === now.dev && s.ino === now.ino);
    this.#known = to < 0 ? heads : heads.slice(0, to);
    if (now.realPath !== this.#located.realPath) return [];
    // The old one's descriptor is open, so nothing else can have its inode. Where it is not there any more, or only
    // compressed, content tells: numbers move on and inodes are used again.
    let from = siblings.findLastIndex((s) => isFileOf(old, s));
    if (from < 0) from = heads.findLastIndex((head) => beginsLikeOne(older, head));
    return siblings.slice(from + 1, to < 0 ? undefined : to)
      .filter((sibling) => !this.#holds(sibling));
  }

  #holds(sibling: Sibling): boolean {
    return this.#chain.some((generation) => isFileOf(generation, sibling));
  }

  #olderHeads(): Uint8Array[] {
    return [...this.#known, ...this.#chain.map((generation) => generation.head)];
  }

  #append(sibling: Sibling): void {
    const source = tryOpen(sibling);
    if (source === null) {
      this.#options.report({ type: "truncated", bytes: sibling.size, path: sibling.realPath });
      return;
    }
    const generation = new Generation(source);
    this.#chain.push(generation);
    generation.grow();
    this.#seal(generation);
  }

  #seal(generation: Generation): void {
    generation.stage = "sealed";
    generation.sealedAt = this.#now();
  }

  /** Gives back the descriptors that a slow reader will need last. */
  #park(): void {
    const held = this.#chain.slice(0, -1).filter((generation) =>
      !generation.parked && !generation.lost
    );
    for (let i = held.length - 1; i >= MAX_HELD; i--) {
      const generation = held[i];
      if (generation === undefined || generation.readers > 0) continue;
      // To one that is not finished a last line may still come, and of one with no text none would be found.
      if (generation.stage === "finished") generation.park();
    }
  }

  #now(): number {
    return this.#options.changes.clock.now();
  }

  /** Sees to it that the log is looked at when something is due that no event will tell of. */
  #setDeadline(): void {
    const now = this.#now();
    let at = Infinity;
    for (const old of this.#chain) {
      if (old.stage === "sealed") {
        at = Math.min(at, old.sealedAt + (old.hasHalfLine ? SETTLE_HALF_MS : SETTLE_MS));
      } else if (old.stage === "settled") at = Math.min(at, old.sealedAt + FINISH_MS);
    }
    if (this.#goneSince !== null) at = Math.min(at, this.#goneSince + GONE_MS);
    if (this.#refusedSince !== null) at = Math.min(at, this.#refusedSince + GONE_MS);
    if (now < this.#youngUntil) at = Math.min(at, now + YOUNG.everyMs);
    if (this.#ended || at === Infinity) return;
    if (this.#deadline !== null && this.#deadline.at <= at) return;
    this.#deadline?.cancel();
    const wait = Math.max(MIN_WAIT_MS, at - now);
    const cancel = this.#options.changes.clock.after(wait, () => {
      this.#deadline = null;
      this.look("tick");
    });
    this.#deadline = { at, cancel };
  }
}

/** Is the sibling the very file that the generation holds open? */
function isFileOf(generation: Generation, sibling: Sibling): boolean {
  return sibling.dev === generation.dev && sibling.ino === generation.ino;
}

/** How a sibling's text begins; empty where it cannot be read. */
function headOf(sibling: Sibling): Uint8Array {
  const source = tryOpen(sibling);
  if (source === null) return new Uint8Array(0);
  using opened = source;
  if (opened instanceof GzipLog) return opened.head(HEAD_BYTES);
  const head = new Uint8Array(HEAD_BYTES);
  return head.subarray(0, opened.readAt(0, head));
}

/** Is it the beginning of one of these, which may have grown since? */
function beginsLikeOne(known: readonly Uint8Array[], head: Uint8Array): boolean {
  return known.some((one) => {
    const length = Math.min(one.length, head.length);
    // Less than a line's time tells nothing.
    if (length < MIN_HEAD_BYTES && one.length !== head.length) return false;
    return length > 0 && equal(one.subarray(0, length), head.subarray(0, length));
  });
}

function tryOpen(sibling: Sibling): LogSource | null {
  try {
    return openSibling(sibling);
  } catch {
    return null; // Gone or replaced since the folder was read.
  }
}

/** Null where nothing is there. Throws where it may not be looked at. */
function factsAt(call: (path: string) => FileFacts, path: string): FileFacts | null {
  try {
    return call(path);
  } catch (error) {
    if (fileErrorKind(error) === "not-found") return null;
    throw error;
  }
}
