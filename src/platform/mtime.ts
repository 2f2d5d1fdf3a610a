import { closeSync, constants, openSync } from "node:fs";
import process from "node:process";
import type { FileFacts } from "./files.ts";

/**
 * Modification times in nanoseconds. Every stat call of the platform truncates them to milliseconds; WASI's
 * fd_filestat_get is the only call that keeps all digits and needs no permission other than reading the file.
 */

/** The calls of wasi_snapshot_preview1 that are used here. */
interface WasiCalls {
  fd_filestat_get(fd: number, result: number): number;
  fd_close(fd: number): number;
}

interface Wasi {
  readonly wasiImport: unknown;
  finalizeBindings(instance: { exports: { memory: WebAssembly.Memory } }): void;
}

type WasiConstructor = new (options: { version: "preview1"; stdin: number }) => Wasi;

/** Offset of the modification time in a filestat record of wasi_snapshot_preview1: it follows the access time. */
const MTIME_OFFSET = 48;

/** Nanoseconds below the millisecond, by inode: a file is opened again only if stat shows a change. */
const known = new Map<number, { dev: number; mtimeMs: number; size: number; rest: number }>();
const MAX_KNOWN = 20_000;

/** A moment: whole seconds since the epoch, rounded down, and 0..999,999,999 nanoseconds. */
export interface FileTime {
  readonly seconds: number;
  readonly nanos: number;
}

/**
 * The modification time of a regular file. facts is the result of a stat of path just before; if the finer digits
 * cannot be read, the result has the milliseconds of facts.
 */
export function mtime(path: string, facts: FileFacts): FileTime {
  const seconds = Math.floor(facts.mtimeMs / 1000);
  const millis = Math.trunc(facts.mtimeMs) - seconds * 1000;
  return { seconds, nanos: millis * 1_000_000 + (facts.isFile ? rest(path, facts) : 0) };
}

/** Nanoseconds below the millisecond. */
function rest(path: string, { dev, ino, mtimeMs, size }: FileFacts): number {
  const entry = known.get(ino);
  if (
    entry !== undefined && entry.dev === dev && entry.mtimeMs === mtimeMs && entry.size === size
  ) {
    return entry.rest;
  }
  const exact = readExact(path);
  if (exact === null) return 0;
  const rest = Number(exact - BigInt(Math.trunc(mtimeMs)) * 1_000_000n);
  // Any other difference means that the file has changed since or is another one: the digits do not belong to these
  // facts. (A time before 1970 also stays without its finer digits.)
  if (rest < 0 || rest >= 1_000_000) return 0;
  if (known.size >= MAX_KNOWN) known.clear();
  known.set(ino, { dev, mtimeMs, size, rest });
  return rest;
}

/** Opens path as the standard input of a WASI program that has no code, and makes only this call. */
function readExact(path: string): bigint | null {
  const { Wasi, memory } = loaded ??= load();
  let fd;
  try {
    // Non-blocking: the regular file of the stat call may be a pipe by now.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const wasi = new Wasi({ version: "preview1", stdin: fd });
    wasi.finalizeBindings({ exports: { memory } });
    const calls = wasi.wasiImport as WasiCalls;
    const code = calls.fd_filestat_get(0, 0);
    calls.fd_close(0); // Its own duplicate of fd; otherwise kept until garbage collection.
    return code === 0 ? new DataView(memory.buffer).getBigUint64(MTIME_OFFSET, true) : null;
  } catch {
    return null; // Gone or unreadable: only the milliseconds of stat are known.
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

let loaded: { Wasi: WasiConstructor; memory: WebAssembly.Memory } | undefined;

function load(): { Wasi: WasiConstructor; memory: WebAssembly.Memory } {
  hideWarning();
  const { WASI } = process.getBuiltinModule("node:wasi");
  return {
    Wasi: WASI as unknown as WasiConstructor,
    memory: new WebAssembly.Memory({ initial: 1 }),
  };
}

/** Keeps the one line that node:wasi prints about being experimental out of the agent's log. */
function hideWarning(): void {
  const printers = process.listeners("warning");
  process.removeAllListeners("warning");
  process.on("warning", (warning: Error) => {
    if (warning.name === "ExperimentalWarning" && warning.message.startsWith("WASI ")) return;
    for (const print of printers) print.call(process, warning);
  });
}
