import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { Changes } from "../../src/files/changes.ts";
import { type AppendedRange, Follows } from "../../src/files/follow.ts";
import type { LogName } from "../../src/files/name.ts";
import type { AgentEvent } from "../../src/telemetry/events.ts";
import { ManualClock } from "../harness/manual_clock.ts";
import { openDescriptors } from "../harness/descriptors.ts";

/** A small generator of random numbers whose whole run hangs on its seed. */
export class Random {
  #state: number;

  constructor(readonly seed: number) {
    this.#state = seed >>> 0;
  }

  /** 0 to below - 1. */
  below(below: number): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let t = this.#state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  }

  chance(percent: number): boolean {
    return this.below(100) < percent;
  }

  pick<T>(items: readonly T[]): T {
    const item = items[this.below(items.length)];
    if (item === undefined) throw new Error("nothing to pick from");
    return item;
  }
}

const name: LogName = {
  namespace: "ns",
  podName: "pod",
  containerName: "app",
  containerId: "abc",
};

type Style = "stamp" | "number";

/** The runtime's side: writes a log, rotates it, and remembers every byte that it wrote. */
class Runtime {
  readonly link: string;
  readonly folder: string;
  readonly path: string;
  /** All that was ever written to the log, in order. */
  written = "";
  /** Where in `written` the current file begins. */
  fileStart = 0;
  /** Where in `written` a file's bytes end: a half line before it stays half. */
  readonly cuts = new Set<number>();
  /** Bytes of a line that is not finished. */
  half = 0;
  #file: Deno.FsFile;
  #lines = 0;
  #rotations = 0;

  constructor(readonly root: string, readonly random: Random, readonly style: Style) {
    this.folder = `${root}/pods/ns_pod_uid/app`;
    this.path = `${this.folder}/0.log`;
    this.link = `${root}/containers/pod_ns_app-abc.log`;
    Deno.mkdirSync(this.folder, { recursive: true });
    Deno.mkdirSync(`${root}/containers`);
    this.#file = this.#create();
    Deno.symlinkSync(this.path, this.link);
  }

  #create(): Deno.FsFile {
    return Deno.openSync(this.path, { create: true, append: true, write: true });
  }

  #write(text: string) {
    this.#file.writeSync(new TextEncoder().encode(text));
    this.written += text;
  }

  #line(): string {
    const length = this.random.chance(5) ? 3000 : this.random.below(60);
    const time = `2026-11-23T10:00:00.${String(++this.#lines).padStart(9, "0")}Z`;
    return `${time} stdout F ${"x".repeat(length)} ${this.#lines}\n`;
  }

  append(lines: number) {
    this.flush();
    let text = "";
    for (let i = 0; i < lines; i++) text += this.#line();
    this.#write(text);
  }

  #rest = "";

  writeHalf() {
    this.flush();
    const line = this.#line();
    const cut = 1 + this.random.below(line.length - 1);
    this.#write(line.slice(0, cut));
    this.half = cut;
    this.#rest = line.slice(cut);
  }

  flush() {
    if (this.#rest === "") return;
    this.#write(this.#rest);
    this.#rest = "";
    this.half = 0;
  }

  /** kubelet's way: rename, then the runtime opens a new file; in between and just after, it writes to the old one. */
  rename(between: () => void) {
    this.#shift();
    Deno.renameSync(this.path, this.#rotatedName());
    between();
    if (this.random.chance(30)) this.append(1);
    const old = this.#file;
    this.#file = this.#create();
    const current = this.#file;
    between();
    // A line that was in the runtime's hands when the file was switched.
    if (this.random.chance(30) || this.half > 0) {
      this.#file = old;
      if (this.half > 0 && this.random.chance(70)) this.flush();
      else if (this.half === 0) this.append(1);
      this.#file = current;
    }
    // What is still missing of a line now never comes.
    this.#rest = "";
    this.half = 0;
    old.close();
    this.#cut();
  }

  /** logrotate's way: a copy, then the same file from its beginning. */
  copyTruncate() {
    this.#shift();
    Deno.copyFileSync(this.path, this.#rotatedName());
    this.truncate();
  }

  truncate() {
    Deno.truncateSync(this.path, 0);
    this.#cut();
    this.half = 0;
  }

  /** Numbers are moved on by one, the highest first. */
  #shift() {
    this.#rotations++;
    if (this.style !== "number") return;
    for (let n = 40; n >= 1; n--) {
      for (const gz of ["", ".gz"]) {
        try {
          Deno.renameSync(`${this.path}.${n}${gz}`, `${this.path}.${n + 1}${gz}`);
        } catch (error) {
          if (!(error instanceof Deno.errors.NotFound)) throw error;
        }
      }
    }
  }

  #rotatedName(): string {
    return this.style === "number"
      ? `${this.path}.1`
      : `${this.path}.20261123-10${String(1000 + this.#rotations)}`;
  }

  rotated(): string[] {
    return [...Deno.readDirSync(this.folder)].map((entry) => `${this.folder}/${entry.name}`)
      .filter((path) => path !== this.path).sort();
  }

  /** The file goes and comes again with its link, as another file. */
  recreate(between: () => void) {
    Deno.removeSync(this.path);
    if (this.random.chance(50)) Deno.removeSync(this.link);
    between();
    this.flush(); // Still into the file that has no name.
    this.#file.close();
    this.#file = this.#create();
    try {
      Deno.symlinkSync(this.path, this.link);
    } catch (error) {
      if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
    }
    this.#cut();
  }

  #cut() {
    this.fileStart = this.written.length;
    this.cuts.add(this.fileStart);
  }

  remove() {
    this.#cut();
    Deno.removeSync(this.link);
    Deno.removeSync(this.path);
  }

  close() {
    this.#file.close();
  }
}

/** A follower's side, and what it must be given. */
class Reader {
  /** The next byte of `written` that must come. */
  position: number;
  /** Parts of `written` that were cut off before this reader came to them. */
  readonly lost: { from: number; to: number }[] = [];
  done = false;
  #pending: Promise<void> | null = null;
  #result: IteratorResult<AppendedRange> | null = null;
  #held: AppendedRange | null = null;
  #error: unknown = null;

  constructor(
    readonly runtime: Runtime,
    readonly iterator: AsyncIterableIterator<AppendedRange>,
    readonly look: () => void,
    readonly slow: boolean,
    start: "beginning" | "end",
  ) {
    this.position = start === "beginning"
      ? runtime.fileStart
      : runtime.written.length - runtime.half;
  }

  /** What is cut off now is lost where it was not read. */
  cutOff() {
    const from = Math.max(this.position, this.runtime.fileStart);
    if (from < this.runtime.written.length) {
      this.lost.push({ from, to: this.runtime.written.length });
    }
  }

  /** Takes what there is; a slow reader takes one range, and reads it the next time. */
  async pump() {
    for (let taken = 0; !this.done; taken++) {
      if (this.#held !== null) {
        this.#read(this.#held);
        this.#held = null;
      }
      if (this.slow && taken > 0) return;
      this.#pending ??= this.iterator.next().then(
        (result) => {
          this.#result = result;
        },
        (error) => {
          this.#error = error;
        },
      );
      for (let i = 0; i < 8 && this.#result === null && this.#error === null; i++) {
        await Promise.resolve();
      }
      if (this.#error !== null) throw this.#error;
      const result: IteratorResult<AppendedRange> | null = this.#result;
      if (result === null) return;
      this.#pending = null;
      this.#result = null;
      if (result.done) this.done = true;
      else this.#held = result.value;
    }
  }

  #read(range: AppendedRange) {
    this.look(); // What was promised a while ago may have been cut off since.
    const bytes = new Uint8Array(range.to - range.from);
    const count = range.source.readAt(range.from, bytes);
    const text = new TextDecoder().decode(bytes.subarray(0, count));
    for (const lost of this.lost) if (this.position === lost.from) this.position = lost.to;
    const expected = this.runtime.written.slice(this.position, this.position + text.length);
    assert.equal(text, expected, `at byte ${this.position} of ${this.runtime.written.length}`);
    this.position += count;
    if (count < bytes.length) range.shortAt(range.from + count);
    else {
      assert(
        text.endsWith("\n") || this.runtime.cuts.has(this.position),
        "a half line was given out before its end",
      );
    }
  }

  checkEnd() {
    for (const lost of this.lost) if (this.position === lost.from) this.position = lost.to;
    assert.equal(this.position, this.runtime.written.length, "lines are missing at the end");
  }

  get lostBytes(): number {
    return this.lost.reduce((sum, lost) => sum + lost.to - lost.from, 0);
  }
}

/** One random life of a log with its followers; throws where a follower is given anything but every byte once. */
export async function runSequence(
  seed: number,
  trace: (text: string) => void = () => {},
): Promise<void> {
  const random = new Random(seed);
  const root = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "follow-" }));
  const before = openDescriptors();
  const runtime = new Runtime(root, random, random.pick(["stamp", "number"]));
  const clock = new ManualClock();
  const events: AgentEvent[] = [];
  const report = (event: AgentEvent) => void events.push(event);
  const roots = { containerLogsDir: `${root}/containers`, logRoots: [root] };
  const changes = new Changes({ roots, report, clock, watch: null });
  const follows = new Follows({ roots, changes, report, missingFileWaitMs: 1000 });
  const ended = new AbortController();
  const readers: Reader[] = [];
  let lostByGone = 0;
  /** Rotations since every reader was up to date: beyond what descriptors are kept for, files must not go. */
  let rotations = 0;

  const attach = () => {
    const start = random.pick(["beginning", "end"] as const);
    const iterator = follows.follow(name, { start, signal: ended.signal });
    readers.push(new Reader(runtime, iterator, () => changes.check(), random.chance(40), start));
  };
  const pumpAll = async () => {
    for (const reader of readers) await reader.pump();
  };
  const maybeCheck = () => {
    if (random.chance(30)) changes.check();
  };
  const cutOff = () => {
    for (const reader of readers) reader.cutOff();
  };

  const steps: [number, string, () => void | Promise<void>][] = [
    [30, "append", () => runtime.append(1 + random.below(5))],
    [1, "append many", () => runtime.append(800)],
    [10, "half", () => runtime.writeHalf()],
    [6, "flush", () => runtime.flush()],
    [10, "rename", () => {
      runtime.rename(maybeCheck);
      rotations++;
    }],
    [6, "copy+truncate", () => {
      changes.check();
      // A file of which less than a line's time was seen cannot be told from its copy or from what takes its place.
      const unseen = runtime.written.length - runtime.fileStart < 32;
      if (unseen || random.chance(50)) runtime.append(2);
      if (unseen) changes.check();
      runtime.copyTruncate();
      rotations++;
    }],
    [2, "truncate", () => {
      changes.check();
      cutOff();
      runtime.truncate();
      rotations++;
    }],
    [5, "compress", () => {
      const plain = runtime.rotated().filter((path) => !path.endsWith(".gz"));
      // The newest stays: the runtime may still write to it.
      const path = runtime.style === "number" ? plain.at(-1) : plain[0];
      if (path === undefined || plain.length < 2) return;
      changes.check();
      Deno.writeFileSync(`${path}.tmp`, gzipSync(Deno.readFileSync(path)));
      Deno.renameSync(`${path}.tmp`, `${path}.gz`);
      Deno.removeSync(path);
    }],
    [4, "remove rotated", () => {
      changes.check();
      if (rotations > 6) return;
      for (const path of runtime.rotated()) if (random.chance(50)) Deno.removeSync(path);
    }],
    [3, "recreate", () => {
      changes.check();
      if (rotations > 6) return;
      runtime.recreate(maybeCheck);
      changes.check();
      rotations++;
    }],
    [25, "look", () => changes.check()],
    [15, "time passes", () => clock.advance(random.pick([5, 60, 600, 2500]))],
    [20, "read", () => pumpAll()],
    [3, "catch up", async () => {
      changes.check();
      clock.advance(5000);
      for (let i = 0; i < 60; i++) await pumpAll();
      rotations = 0;
    }],
    [4, "attach", () => {
      if (readers.length < 4) attach();
    }],
    [2, "detach", async () => {
      const reader = readers.length > 1 ? readers.shift() : undefined;
      await reader?.iterator.return?.();
      lostByGone += reader?.lostBytes ?? 0;
    }],
  ];
  const total = steps.reduce((sum, [weight]) => sum + weight, 0);

  try {
    if (random.chance(80)) attach();
    const count = 5 + random.below(50);
    for (let i = 0; i < count; i++) {
      let at = random.below(total);
      for (const [weight, title, step] of steps) {
        if (at >= weight) {
          at -= weight;
          continue;
        }
        trace(`${title} (${runtime.written.length} bytes written)`);
        await step();
        break;
      }
      // Events come at once as a rule; fast readers then read before the next thing happens.
      if (random.chance(60)) {
        trace("  look");
        changes.check();
      }
      if (random.chance(50)) {
        trace("  read");
        await pumpAll();
      }
    }
    if (random.chance(50)) runtime.flush();
    changes.check();
    runtime.remove();
    changes.check();
    clock.advance(3100);
    for (let i = 0; i < 80 && readers.some((reader) => !reader.done); i++) await pumpAll();
    for (const reader of readers) {
      assert(reader.done, "a follower does not end though its log is gone");
      reader.checkEnd();
    }
    const counted = events.reduce((sum, e) => e.type === "truncated" ? sum + e.bytes : sum, 0);
    const lost = readers.reduce((sum, reader) => sum + reader.lostBytes, lostByGone);
    assert(counted <= lost, `${counted} bytes were counted as lost, but only ${lost} were`);
    follows.close();
    assert.equal(changes.state.files, 0);
    clock.advance(1000);
    assert.equal(clock.timers, 0, "a timer is left");
    changes.close();
    runtime.close();
    assert.equal(openDescriptors(), before, "descriptors are left open");
  } finally {
    follows.close();
    changes.close();
    Deno.removeSync(root, { recursive: true });
  }
}
