/** File system calls of the platform. Log files are opened only here: `node:fs` would follow links out of the granted folders. */

/** The result of a stat call. */
export interface FileFacts {
  readonly isFile: boolean;
  readonly isDirectory: boolean;
  readonly isSymlink: boolean;
  /** Bytes. */
  readonly size: number;
  /** Last change of the content, milliseconds since the epoch (the platform has no finer unit). */
  readonly mtimeMs: number;
  /**
   * Last change of content or metadata, set only by the kernel, milliseconds since the epoch (truncated to seconds); 0
   * if unknown.
   */
  readonly ctimeMs: number;
  readonly dev: number;
  readonly ino: number;
  /** Hard links to the file; 0 if unknown. */
  readonly nlink: number;
  /** Permission bits and file type as in st_mode; 0 if unknown. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
}

/** A file opened for reading at any offset. */
export interface OpenFile {
  /** Reads up to into.length bytes at offset; fewer only at the end of the file. Returns the count. */
  readAt(offset: number, into: Uint8Array): number;
  /** Current size in bytes; costs a third of what its facts do. */
  size(): number;
  facts(): FileFacts;
  close(): void;
}

export interface DirectoryEntry {
  readonly name: string;
  readonly isFile: boolean;
  readonly isDirectory: boolean;
  readonly isSymlink: boolean;
}

/** Why a file system call failed; "other" is everything that has no name of its own here. */
export type FileErrorKind = "not-found" | "permission-denied" | "other";

/** The kind of an error that a function of this module threw. */
export function fileErrorKind(error: unknown): FileErrorKind {
  if (error instanceof Deno.errors.NotFound) return "not-found";
  if (error instanceof Deno.errors.PermissionDenied || error instanceof Deno.errors.NotCapable) {
    return "permission-denied";
  }
  // A component of the path is a file, not a folder: the path does not exist.
  if (error instanceof Error && error.name === "NotADirectory") return "not-found";
  return "other";
}

/** The calls that find and read logs. */
export interface FileSystem {
  stat(path: string): FileFacts;
  lstat(path: string): FileFacts;
  realPath(path: string): string;
  readLink(path: string): string;
  readDirectory(path: string): DirectoryEntry[];
  openFile(path: string): OpenFile;
}

const platformFiles: FileSystem = {
  stat: (path) => toFacts(Deno.statSync(path)),
  lstat: (path) => toFacts(Deno.lstatSync(path)),
  realPath: (path) => Deno.realPathSync(path),
  readLink: (path) => Deno.readLinkSync(path),
  readDirectory: (path) => [...Deno.readDirSync(path)],
  openFile: openPlatformFile,
};

let fileSystem = platformFiles;

/** Replaces the platform's file system until the result is disposed of, for tests that need what a disk cannot do. */
export function replaceFileSystem(other: FileSystem): Disposable {
  const former = fileSystem;
  fileSystem = other;
  return { [Symbol.dispose]: () => void (fileSystem = former) };
}

/** Facts of the file at path; follows links. Throws if there is none or it may not be read. */
export function stat(path: string): FileFacts {
  return fileSystem.stat(path);
}

/** Facts of path itself; does not follow links. Throws as stat does. */
export function lstat(path: string): FileFacts {
  return fileSystem.lstat(path);
}

/** The absolute path with every link resolved. Throws if it leads nowhere. */
export function realPath(path: string): string {
  return fileSystem.realPath(path);
}

/** The target of a symbolic link, as stored in the link. Throws if path is not a link. */
export function readLink(path: string): string {
  return fileSystem.readLink(path);
}

/** The entries of a folder, in no particular order. Throws if it cannot be read. */
export function readDirectory(path: string): DirectoryEntry[] {
  return fileSystem.readDirectory(path);
}

/** A folder that is itself larger than this, in bytes, may have thousands of entries. */
const LARGE_FOLDER_BYTES = 256 * 1024;
const NAMES_PER_TURN = 4096;

/**
 * The names in a folder, in no particular order. A small folder is read immediately; a large one outside the event
 * loop, and the result is a promise. Throws, or rejects, if the folder cannot be read.
 */
export function readNames(path: string): string[] | Promise<string[]> {
  const isLarge = fileSystem === platformFiles && stat(path).size > LARGE_FOLDER_BYTES;
  return isLarge ? readManyNames(path) : readDirectory(path).map(({ name }) => name);
}

async function readManyNames(path: string): Promise<string[]> {
  const names: string[] = [];
  for await (const { name } of Deno.readDir(path)) {
    names.push(name);
    if (names.length % NAMES_PER_TURN === 0) await new Promise((resolve) => setTimeout(resolve));
  }
  return names;
}

/** Opens path for reading; follows links. The caller first checks that it is a regular file: opening a FIFO blocks. */
export function openFile(path: string): OpenFile {
  return fileSystem.openFile(path);
}

/** A whole file. Throws if it cannot be read. */
export function readBytes(path: string): Uint8Array<ArrayBuffer> {
  return Deno.readFileSync(path);
}

/** A whole file as UTF-8; invalid bytes become U+FFFD. Throws if it cannot be read. */
export function readText(path: string): string {
  return Deno.readTextFileSync(path);
}

function openPlatformFile(path: string): OpenFile {
  const file = Deno.openSync(path, { read: true });
  /** The descriptor's position: a read that continues where the last one ended needs no seek. */
  let position = 0;
  return {
    readAt(offset, into) {
      if (offset !== position) file.seekSync(offset, Deno.SeekMode.Start);
      let count = 0;
      while (count < into.length) {
        const n = file.readSync(count === 0 ? into : into.subarray(count));
        if (n === null || n === 0) break;
        count += n;
      }
      position = offset + count;
      return count;
    },
    size: () => position = file.seekSync(0, Deno.SeekMode.End),
    facts: () => toFacts(file.statSync()),
    close: () => file.close(),
  };
}

function toFacts(info: Deno.FileInfo): FileFacts {
  return {
    isFile: info.isFile,
    isDirectory: info.isDirectory,
    isSymlink: info.isSymlink,
    size: info.size,
    mtimeMs: info.mtime?.getTime() ?? 0,
    ctimeMs: info.ctime?.getTime() ?? 0,
    dev: info.dev,
    ino: info.ino ?? 0,
    nlink: info.nlink ?? 0,
    mode: info.mode ?? 0,
    uid: info.uid ?? 0,
    gid: info.gid ?? 0,
  };
}
