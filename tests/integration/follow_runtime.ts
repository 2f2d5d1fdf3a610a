import type { Random } from "../harness/random.ts";

/** The operations of the runtime on a disk, in memory or real. */
export interface Disk {
  exists(path: string): boolean;
  list(folder: string): string[];
  /**
   * Creates a file and returns a function that appends to it, even if it is renamed or removed, or that continues where
   * the writer was.
   */
  create(path: string): (bytes: Uint8Array, keepOffset?: number) => void;
  rename(from: string, to: string): void;
  copy(from: string, to: string): void;
  compress(from: string, to: string): void;
  truncate(path: string): void;
  remove(path: string): void;
  link(path: string, target: string): void;
}

/** Naming styles of rotated files. */
export const nameStyles = ["kubelet", "number", "hours", "seconds"] as const;
export type NameStyle = typeof nameStyles[number];
export type Format = "cri" | "docker";

/**
 * A larger text is inflated by a worker, which answers later than the model can wait:
 * tests/unit/files/followed_log_test.ts.
 */
const MOST_COMPRESSED_BYTES = 200_000;

/** The text of the period in which one file was the log, and where it can be found. */
interface Life {
  /** Offset in all written text. */
  readonly from: number;
  to: number;
  /** Files that contain it completely. */
  readonly paths: Set<string>;
  /** The agent has it open, so it outlives its last name. */
  isOpen: boolean;
  /** The agent has read some of it. */
  isRead: boolean;
}

/**
 * The runtime: writes a log, rotates it, and records every byte that it wrote, and which of them can no longer be
 * found.
 */
export class Runtime {
  readonly folder: string;
  readonly path: string;
  readonly link: string;
  /** Everything that was ever written to the log, in order, without NULs. */
  written = "";
  /** Where in `written` a file's bytes end: an unterminated line before it stays unterminated. */
  readonly cuts = new Set<number>();
  /** Parts of `written` that nobody can read any more unless they were read before. */
  readonly gone: { readonly from: number; readonly to: number }[] = [];
  /** Bytes of an unfinished line. */
  half = 0;
  /** How many NULs were written. */
  nuls = 0;
  /** Rotations since all readers were up to date: beyond the number of kept descriptors, files must not be removed. */
  rotations = 0;
  /** The agent has read no line since: files that nobody saw cannot be ordered across a clock that was set back. */
  #clockWentBackUnseen = false;
  #lives: Life[];
  #append: (bytes: Uint8Array, keepOffset?: number) => void;
  #size = 0;
  #keepsOffset = false;
  #rest = "";
  #lines = 0;
  #count = 0;
  /** Nanoseconds since the beginning. */
  #time = 0;

  constructor(
    readonly disk: Disk,
    readonly root: string,
    readonly format: Format,
    readonly style: NameStyle,
  ) {
    const file = format === "docker" ? "abc-json.log" : "0.log";
    this.folder = `${root}/pods/ns_pod_uid/app`;
    this.path = `${this.folder}/${file}`;
    this.link = `${root}/containers/pod_ns_app-abc.log`;
    this.#append = disk.create(this.path);
    disk.link(this.link, this.path);
    this.#lives = [{ from: 0, to: 0, paths: new Set([this.path]), isOpen: false, isRead: false }];
  }

  /** Where in `written` the current file begins. */
  get fileStart(): number {
    return this.#current.from;
  }

  get hasFile(): boolean {
    return this.disk.exists(this.path) && this.disk.exists(this.link);
  }

  /** The agent has checked the log, and no file changed meanwhile. */
  seen(): void {
    for (const life of this.#lives) {
      life.isOpen ||= life.paths.size > 0;
      life.isRead ||= life.isOpen && life.to > life.from;
    }
    this.#clockWentBackUnseen &&= !this.#current.isRead;
  }

  append(random: Random, lines = 1 + random.below(4)): void {
    this.flush();
    let text = "";
    for (let i = 0; i < lines; i++) text += this.#line(random);
    this.#write(text);
  }

  /** After a crash, there is a run of NULs where lines would have been written. */
  appendNuls(random: Random): void {
    this.flush();
    const count = 1 + random.below(6000);
    this.nuls += count;
    this.#put(new Uint8Array(count));
    this.append(random, 1);
  }

  writeHalf(random: Random): void {
    this.flush();
    const isFirst = this.#current.to === this.#current.from;
    // A file without a time yet is mistaken for any file that begins alike.
    if (isFirst && this.format === "docker") this.append(random, 1);
    const line = this.#line(random);
    const shown = isFirst && this.format === "cri" ? 36 : 1;
    this.half = shown + random.below(line.length - shown);
    this.#write(line.slice(0, this.half));
    this.#rest = line.slice(this.half);
  }

  flush(): void {
    if (this.#rest === "") return;
    this.#write(this.#rest);
    this.#rest = "";
    this.half = 0;
  }

  clockGoesBack(random: Random): void {
    this.#time -= (60 + random.below(3600)) * 1e9;
    this.#clockWentBackUnseen = true;
    this.#current.isRead = false;
    // Lines show that it did.
    this.append(random, 1);
  }

  /**
   * Like the kubelet: rename, then the runtime opens a new file; in between and just after, it writes to the old one.
   */
  rename(random: Random, between: () => void): void {
    if (!this.#mayRotate()) return;
    const rotated = this.#shift();
    this.#rename(this.path, rotated);
    between();
    if (random.chance(0.30)) this.append(random, 1);
    const append = this.#append;
    const old = this.#current;
    this.#append = this.disk.create(this.path);
    between();
    // A line that the runtime was writing when the file was switched.
    const flushes = this.half > 0 && random.chance(0.70);
    if (flushes || (this.half === 0 && random.chance(0.30))) {
      const text = flushes ? this.#rest : this.#line(random);
      append(new TextEncoder().encode(text));
      this.written += text;
      old.to = this.written.length;
    }
    this.#begin();
  }

  /** Like logrotate: a copy, then the same file from its beginning. */
  copyTruncate(random: Random, between: () => void): void {
    if (!this.#mayRotate()) return;
    const rotated = this.#shift();
    this.disk.copy(this.path, rotated);
    this.#current.paths.add(rotated);
    between();
    if (random.chance(0.15)) {
      // A known limitation of copytruncate: text written between the copy and the truncation is lost.
      const from = this.written.length;
      this.cuts.add(from);
      this.#dropIfUntimed(from);
      this.append(random, 1);
      this.gone.push({ from, to: this.written.length });
    }
    this.truncate(random);
  }

  truncate(random: Random): void {
    if (!this.#mayRotate()) return;
    const old = this.#current;
    this.disk.truncate(this.path);
    old.paths.delete(this.path);
    old.isOpen = false;
    this.#dropIfGone(old);
    this.#dropIfUntimed(this.written.length);
    // A writer that does not append continues where it was.
    this.#keepsOffset = random.chance(0.20);
    const size = this.#size;
    this.#begin();
    if (!this.#keepsOffset) return;
    this.#size = size;
    this.nuls += size;
  }

  compress(): void {
    const plain = this.#rotated().filter((path) => !path.endsWith(".gz"));
    // The newest file stays: the runtime may still write to it.
    const path = plain[0];
    if (path === undefined || plain.length < 2 || !this.#isSmall(path)) return;
    this.disk.compress(path, `${path}.tmp`);
    this.disk.rename(`${path}.tmp`, `${path}.gz`);
    for (const life of this.#lives) if (life.paths.delete(path)) life.paths.add(`${path}.gz`);
    this.disk.remove(path);
  }

  #isSmall(path: string): boolean {
    return this.#lives.filter(({ paths }) => paths.has(path))
      .every(({ from, to }) => to - from + this.nuls <= MOST_COMPRESSED_BYTES);
  }

  removeRotated(random: Random): void {
    for (const path of this.#rotated()) {
      if (!random.chance(0.40)) continue;
      this.disk.remove(path);
      for (const life of this.#lives) if (life.paths.delete(path)) this.#dropIfGone(life);
    }
  }

  /** The file is removed and recreated, as another file. */
  recreate(random: Random, between: () => void): void {
    if (!this.#mayRotate()) return;
    const old = this.#current;
    this.disk.remove(this.path);
    old.paths.delete(this.path);
    this.#dropIfGone(old);
    const isRelinked = random.chance(0.50);
    if (isRelinked) this.disk.remove(this.link);
    between();
    this.#append = this.disk.create(this.path);
    if (isRelinked) this.disk.link(this.link, this.path);
    this.#begin();
  }

  remove(): void {
    this.cuts.add(this.written.length);
    this.disk.remove(this.link);
    this.disk.remove(this.path);
    this.#current.paths.delete(this.path);
    this.#dropIfGone(this.#current);
  }

  get #current(): Life {
    const last = this.#lives.at(-1);
    if (last === undefined) throw new Error("a log without a file");
    return last;
  }

  #mayRotate(): boolean {
    return this.hasFile && !this.#clockWentBackUnseen;
  }

  #begin(): void {
    this.rotations++;
    this.#rest = "";
    this.half = 0;
    this.#size = 0;
    this.cuts.add(this.written.length);
    const from = this.written.length;
    this.#lives.push({ from, to: from, paths: new Set([this.path]), isOpen: false, isRead: false });
  }

  #dropIfGone(life: Life): void {
    if (life.paths.size > 0) return;
    if (life.isOpen && this.rotations <= 6) return;
    this.gone.push({ from: life.from, to: life === this.#current ? this.written.length : life.to });
  }

  /** The beginning of a first line without a time is mistaken for that of any file that begins alike. */
  #dropIfUntimed(to: number): void {
    const { from } = this.#current;
    const text = this.written.slice(from, to);
    const isTimed = text.includes("\n") || (this.format === "cri" && text.length > 35);
    if (!isTimed && text !== "") this.gone.push({ from, to });
  }

  #write(text: string): void {
    this.#put(new TextEncoder().encode(text));
    this.written += text;
    this.#current.to = this.written.length;
  }

  #put(bytes: Uint8Array): void {
    this.#append(bytes, this.#keepsOffset ? this.#size : undefined);
    this.#size += bytes.length;
    this.#keepsOffset = false;
  }

  #line(random: Random): string {
    this.#time += 1 + random.below(random.chance(0.10) ? 5e9 : 5e6);
    const at = new Date(Date.UTC(2026, 10, 23, 10) + Math.floor(this.#time / 1e6)).toISOString();
    const time = `${at.slice(0, -1)}${String(((this.#time % 1e6) + 1e6) % 1e6).padStart(6, "0")}Z`;
    const number = ++this.#lines;
    const long = random.chance(0.10) ? 600 : random.chance(0.05) ? 3000 : random.below(50);
    if (this.format === "cri") return `${time} stdout F ${"x".repeat(long)} ${number}\n`;
    return `{"log":"${"x".repeat(long)} ${number}\\n","stream":"stdout","time":"${time}"}\n`;
  }

  /** Increments the numbers, the highest first; returns the name of the file that is rotated now. */
  #shift(): string {
    this.#count++;
    const day = new Date(Date.UTC(2026, 10, 23, 10) + Math.floor(this.#time / 1e6));
    // The kubelet stamps local time, which goes back when clocks do. The last digits keep names distinct.
    const stamp = day.toISOString().replace(/[-:]/g, "").slice(0, 13).replace("T", "-");
    switch (this.style) {
      case "kubelet":
        return `${this.path}.${stamp}${String(this.#count % 100).padStart(2, "0")}`;
      case "hours":
        return `${this.path}-${stamp.slice(0, 6)}${String(1000 + this.#count)}`;
      case "seconds":
        return `${this.path}-${stamp.slice(0, 8)}-${
          Math.floor(day.getTime() / 1000) + this.#count
        }`;
      case "number":
    }
    for (let n = 40; n >= 1; n--) {
      for (const gz of ["", ".gz"]) {
        const from = `${this.path}.${n}${gz}`;
        if (this.disk.exists(from)) this.#rename(from, `${this.path}.${n + 1}${gz}`);
      }
    }
    return `${this.path}.1`;
  }

  #rename(from: string, to: string): void {
    this.disk.rename(from, to);
    for (const life of this.#lives) if (life.paths.delete(from)) life.paths.add(to);
  }

  #rotated(): string[] {
    const all = this.disk.list(this.folder).filter((path) => path !== this.path);
    const age = (path: string) => this.#lives.findIndex((life) => life.paths.has(path));
    return all.sort((a, b) => age(a) - age(b));
  }
}
