import { gzipSync } from "node:zlib";
import type { DirectoryEntry, FileFacts, FileSystem, OpenFile } from "../../src/platform/files.ts";

interface Inode {
  readonly ino: number;
  bytes: Uint8Array;
  size: number;
  mtimeMs: number;
  names: number;
  opened: number;
}

let nextNow = 0;

/** A file system error that is rare on a real disk. */
export type Refusal = "permission-denied" | "no-descriptors";

/**
 * A file system in memory that does what a disk does only rarely: it reuses the inode of a removed file for the next
 * one, refuses to open files for a while, and lets something happen between two calls.
 */
export class MemoryFiles implements FileSystem {
  readonly #files = new Map<string, Inode>();
  readonly #links = new Map<string, string>();
  readonly #free: number[] = [];
  #inodes = 0;
  /** Milliseconds by the test's clock. Two file systems never share a time stamp. */
  now = nextNow += 1e9;
  refusal: Refusal | null = null;
  /** Called before each call of the program under test. */
  onCall: () => void = () => {};

  // For the program under test:

  stat(path: string): FileFacts {
    this.#called();
    return this.#facts(this.#resolve(path), false);
  }

  lstat(path: string): FileFacts {
    this.#called();
    if (this.#links.has(path)) return facts({ isSymlink: true });
    return this.#facts(path, true);
  }

  realPath(path: string): string {
    this.#called();
    const real = this.#resolve(path);
    if (!this.#files.has(real) && !this.#isFolder(real)) throw notFound(path);
    return real;
  }

  readLink(path: string): string {
    const target = this.#links.get(path);
    if (target === undefined) throw notFound(path);
    return target;
  }

  readDirectory(path: string): DirectoryEntry[] {
    this.#called();
    const names = new Set<string>();
    for (const file of [...this.#files.keys(), ...this.#links.keys()]) {
      if (file.startsWith(`${path}/`) && !file.slice(path.length + 1).includes("/")) {
        names.add(file.slice(path.length + 1));
      }
    }
    return [...names].map((name) => ({
      name,
      isFile: this.#files.has(`${path}/${name}`),
      isDirectory: false,
      isSymlink: this.#links.has(`${path}/${name}`),
    }));
  }

  openFile(path: string): OpenFile {
    this.#called();
    const inode = this.#files.get(this.#resolve(path));
    if (inode === undefined) throw notFound(path);
    inode.opened++;
    let isOpen = true;
    return {
      readAt: (offset, into) => {
        this.onCall();
        const part = inode.bytes.subarray(Math.min(offset, inode.size), inode.size)
          .subarray(0, into.length);
        into.set(part);
        return part.length;
      },
      size: () => {
        this.onCall();
        return inode.size;
      },
      facts: () => {
        this.onCall();
        return facts(inode);
      },
      close: () => {
        if (!isOpen) throw new Error(`closed twice: ${path}`);
        isOpen = false;
        inode.opened--;
        this.#collect(inode);
      },
    };
  }

  /** How many descriptors are open. */
  get opened(): number {
    return [...new Set([...this.#files.values(), ...this.#unnamed])]
      .reduce((sum, inode) => sum + inode.opened, 0);
  }

  // For the runtime:

  exists(path: string): boolean {
    return this.#files.has(path) || this.#links.has(path);
  }

  list(folder: string): string[] {
    return [...this.#files.keys()].filter((path) => path.startsWith(`${folder}/`));
  }

  /** Creates a file, and returns a function that appends to it, even if it is renamed or removed. */
  create(path: string): (bytes: Uint8Array, keepOffset?: number) => void {
    const inode = this.#newInode();
    this.#files.set(path, inode);
    return (bytes, keepOffset) => this.#write(inode, keepOffset ?? inode.size, bytes);
  }

  rename(from: string, to: string): void {
    const inode = this.#files.get(from);
    if (inode === undefined) throw notFound(from);
    this.remove(to);
    this.#files.delete(from);
    this.#files.set(to, inode);
  }

  copy(from: string, to: string): void {
    this.remove(to);
    this.create(to)(this.read(from));
  }

  compress(from: string, to: string): void {
    this.remove(to);
    this.create(to)(gzipSync(this.read(from), { level: 1 }));
  }

  truncate(path: string): void {
    const inode = this.#files.get(path);
    if (inode === undefined) throw notFound(path);
    inode.size = 0;
    inode.bytes = new Uint8Array(0);
    inode.mtimeMs = ++this.now;
  }

  remove(path: string): void {
    this.#links.delete(path);
    const inode = this.#files.get(path);
    if (inode === undefined) return;
    this.#files.delete(path);
    inode.names--;
    this.#unnamed.add(inode);
    this.#collect(inode);
  }

  link(path: string, target: string): void {
    this.#links.set(path, target);
  }

  read(path: string): Uint8Array {
    const inode = this.#files.get(path);
    if (inode === undefined) throw notFound(path);
    return inode.bytes.slice(0, inode.size);
  }

  readonly #unnamed = new Set<Inode>();

  #write(inode: Inode, offset: number, bytes: Uint8Array): void {
    const end = offset + bytes.length;
    if (end > inode.bytes.length) {
      const grown = new Uint8Array(Math.max(end, 2 * inode.bytes.length));
      grown.set(inode.bytes.subarray(0, inode.size));
      inode.bytes = grown;
    }
    inode.bytes.set(bytes, offset);
    inode.size = Math.max(inode.size, end);
    // Two changes never get the same time stamp.
    inode.mtimeMs = ++this.now;
  }

  #newInode(): Inode {
    const ino = this.#free.shift() ?? ++this.#inodes;
    return { ino, bytes: new Uint8Array(0), size: 0, mtimeMs: ++this.now, names: 1, opened: 0 };
  }

  #collect(inode: Inode): void {
    if (inode.names > 0 || inode.opened > 0) return;
    this.#unnamed.delete(inode);
    this.#free.unshift(inode.ino);
  }

  #called(): void {
    this.onCall();
    if (this.refusal === "permission-denied") throw new Deno.errors.PermissionDenied("refused");
    if (this.refusal === "no-descriptors") throw new Error("Too many open files (os error 24)");
  }

  #resolve(path: string): string {
    return this.#links.get(path) ?? path;
  }

  #isFolder(path: string): boolean {
    const prefix = path === "/" ? "/" : `${path}/`;
    return [...this.#files.keys(), ...this.#links.keys()].some((file) => file.startsWith(prefix));
  }

  #facts(path: string, own: boolean): FileFacts {
    const inode = this.#files.get(path);
    if (inode !== undefined) return facts(inode);
    if (own && this.#isFolder(path)) return facts({ isDirectory: true });
    throw notFound(path);
  }
}

function facts(of: Inode | { isSymlink: true } | { isDirectory: true }): FileFacts {
  const isFile = "ino" in of;
  return {
    isFile,
    isDirectory: "isDirectory" in of,
    isSymlink: "isSymlink" in of,
    size: isFile ? of.size : 0,
    mtimeMs: isFile ? of.mtimeMs : 0,
    ctimeMs: 1,
    dev: 1,
    ino: isFile ? of.ino : 0,
    nlink: 1,
    mode: 0,
    uid: 0,
    gid: 0,
  };
}

function notFound(path: string): Error {
  return new Deno.errors.NotFound(`no such file: ${path}`);
}
