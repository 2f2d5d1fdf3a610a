import assert from "node:assert/strict";
import { gzipSync } from "node:zlib";
import { BATCH_MS } from "../../src/files/event_batches.ts";
import type { Check, CheckReason } from "../../src/files/check_rounds.ts";
import { FileWatcher } from "../../src/files/file_watcher.ts";
import type { LogRoots } from "../../src/files/locate.ts";
import { replaceFileSystem } from "../../src/platform/files.ts";
import { type Watch, watch } from "../../src/platform/folder_watch.ts";
import type { Report } from "../../src/telemetry/events.ts";
import { openDescriptors } from "../harness/open_descriptors.ts";
import { TaskTurns } from "../../src/platform/task_turns.ts";
import { ManualClock } from "../harness/manual_clock.ts";
import { MemoryFiles, type Refusal } from "../harness/memory_files.ts";
import type { Disk } from "./follow_runtime.ts";

/** What the followers of a sequence run on: files, a clock that the sequence moves, and the trigger of checks. */
export interface Host extends Disposable {
  readonly disk: Disk;
  /** The folder that contains all files. */
  readonly root: string;
  readonly roots: LogRoots;
  readonly clock: ManualClock;
  readonly watcher: Pick<FileWatcher, "clock" | "onFile" | "turns">;
  /** Whether the log is checked for a follower. */
  readonly isWatched: boolean;
  /** Whether files cannot be opened now. */
  readonly isRefused: boolean;
  /** Refuses to open files from now on, or stops refusing. False: not supported. */
  refuse(refusal: Refusal | null): boolean;
  /** Makes the agent notice what has happened to the files. */
  check(reason: CheckReason): void | Promise<void>;
  /** The same while the runtime is active. */
  checkNow(): void;
  /** Lets something happen after the given number of calls of the next check, and checks. */
  checkAmid(reason: CheckReason, calls: number, happen: () => void): void | Promise<void>;
  /** Lets time pass. `passed` is called when the agent has checked its files. */
  pass(ms: number, passed: () => void): void | Promise<void>;
  /** Throws if something was not closed. */
  checkClosed(): void;
}

/** Files in memory, each checked whenever the sequence says so. */
export class MemoryHost implements Host {
  readonly disk = new MemoryFiles();
  readonly root = "";
  readonly roots = { containerLogsDir: "/containers", logRoots: ["/"] };
  readonly clock = new ManualClock();
  readonly watcher = {
    clock: this.clock,
    turns: new TaskTurns(this.clock),
    onFile: (_path: string, check: Check) => {
      this.#checks.add(check);
      return () => void this.#checks.delete(check);
    },
  };
  readonly #checks = new Set<Check>();
  readonly #replaced = replaceFileSystem(this.disk);

  get isWatched(): boolean {
    return this.#checks.size > 0;
  }

  get isRefused(): boolean {
    return this.disk.refusal !== null;
  }

  refuse(refusal: Refusal | null): boolean {
    this.disk.refusal = refusal;
    return true;
  }

  check(reason: CheckReason): void {
    for (const check of [...this.#checks]) check(reason);
  }

  checkNow(): void {
    this.check("event");
  }

  checkAmid(reason: CheckReason, calls: number, happen: () => void): void {
    let left = calls;
    this.disk.onCall = () => {
      if (left-- !== 0) return;
      this.disk.onCall = () => {};
      happen();
    };
    this.check(reason);
    this.disk.onCall = () => {};
  }

  pass(ms: number, passed: () => void): void {
    for (let left = ms; left > 0;) {
      const step = Math.min(left, 1000);
      this.disk.now += step;
      this.clock.advance(step);
      left -= step;
      this.check("tick");
      passed();
    }
  }

  checkClosed(): void {
    assert.equal(this.#checks.size, 0, "a file is still watched");
    this.clock.advance(1000);
    assert.equal(this.clock.timers, 0, "a timer is left");
    assert.equal(this.disk.opened, 0, "descriptors are left open");
  }

  [Symbol.dispose](): void {
    this.#replaced[Symbol.dispose]();
  }
}

/**
 * Real files, and the platform's own events: the agent knows what has happened when these have arrived. A marker file
 * that is written last shows that they have.
 */
export class DiskHost implements Host {
  readonly disk = new RealDisk();
  readonly root = Deno.realPathSync(Deno.makeTempDirSync({ prefix: "follow-model-" }));
  readonly roots = { containerLogsDir: `${this.root}/containers`, logRoots: [this.root] };
  readonly clock = new ManualClock();
  readonly watcher: FileWatcher;
  readonly isRefused = false;
  readonly #marker = `${this.root}/marker`;
  readonly #unregister: () => void;
  readonly #descriptors: number;
  #marked = Promise.withResolvers<void>();

  constructor(report: Report) {
    Deno.mkdirSync(`${this.root}/pods/ns_pod_uid/app`, { recursive: true });
    Deno.mkdirSync(`${this.root}/containers`);
    Deno.writeTextFileSync(this.#marker, "");
    this.#descriptors = openDescriptors();
    this.watcher = new FileWatcher({
      roots: this.roots,
      report,
      clock: this.clock,
      watch: (paths, options) => this.#watch(paths, options),
    });
    this.#unregister = this.watcher.onFile(this.#marker, (reason) => {
      if (reason === "event" || reason === "written") this.#marked.resolve();
      return false;
    });
  }

  /** By watches other than the marker's. */
  get isWatched(): boolean {
    return this.watcher.state.files > 1;
  }

  /** A user who may read everything cannot be refused access. */
  refuse(): boolean {
    return false;
  }

  async check(): Promise<void> {
    assert.equal(this.watcher.state.watches, 1, "files are not watched");
    this.#marked = Promise.withResolvers();
    Deno.writeTextFileSync(this.#marker, "x", { append: true });
    const late = setTimeout(() => this.#marked.reject(new Error("no event came in 60 s")), 60_000);
    await this.#marked.promise.finally(() => clearTimeout(late));
  }

  /** If many events arrive at once, files are checked together some milliseconds later. */
  #watch(paths: string | string[], options: { recursive: boolean }): Watch {
    const watched = watch(paths, options);
    const { clock } = this;
    const marker = this.#marker;
    return {
      close: () => watched.close(),
      async *[Symbol.asyncIterator]() {
        for await (const event of watched) {
          yield event;
          if (event.paths.includes(marker)) clock.advance(BATCH_MS);
        }
      },
    };
  }

  checkNow(): void {
    this.watcher.check();
  }

  async checkAmid(_reason: CheckReason, _calls: number, happen: () => void): Promise<void> {
    happen();
    await this.check();
  }

  async pass(ms: number, passed: () => void): Promise<void> {
    await this.check();
    this.clock.advance(ms);
    passed();
  }

  checkClosed(): void {
    this.#unregister();
    assert.equal(this.watcher.state.files, 0, "a file is still watched");
    this.watcher.close();
    assert.equal(this.clock.timers, 0, "a timer is left");
    this.disk.close();
    assert.equal(openDescriptors(), this.#descriptors, "descriptors are left open");
  }

  [Symbol.dispose](): void {
    this.watcher.close();
    this.disk.close();
    Deno.removeSync(this.root, { recursive: true });
  }
}

class RealDisk implements Disk {
  readonly #open: Deno.FsFile[] = [];

  exists(path: string): boolean {
    try {
      Deno.lstatSync(path);
      return true;
    } catch {
      return false;
    }
  }

  list(folder: string): string[] {
    return [...Deno.readDirSync(folder)].map(({ name }) => `${folder}/${name}`);
  }

  create(path: string): (bytes: Uint8Array, keepOffset?: number) => void {
    const file = Deno.openSync(path, { write: true, createNew: true });
    this.#open.push(file);
    return (bytes, keepOffset) => {
      if (keepOffset === undefined) file.seekSync(0, Deno.SeekMode.End);
      else file.seekSync(keepOffset, Deno.SeekMode.Start);
      assert.equal(file.writeSync(bytes), bytes.length);
    };
  }

  rename(from: string, to: string): void {
    Deno.renameSync(from, to);
  }

  copy(from: string, to: string): void {
    Deno.copyFileSync(from, to);
  }

  compress(from: string, to: string): void {
    Deno.writeFileSync(to, gzipSync(Deno.readFileSync(from), { level: 1 }));
  }

  truncate(path: string): void {
    Deno.truncateSync(path);
  }

  remove(path: string): void {
    if (this.exists(path)) Deno.removeSync(path);
  }

  link(path: string, target: string): void {
    Deno.symlinkSync(target, path);
  }

  /** Closes the writers' files. */
  close(): void {
    for (const file of this.#open.splice(0)) file.close();
  }
}
