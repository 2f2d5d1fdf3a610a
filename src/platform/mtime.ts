import { closeSync, constants, openSync } from "node:fs";
import process from "node:process";
import type { FileFacts } from "./files.ts";

/**
 * Times of change to the nanosecond. Every stat call of the platform cuts them to milliseconds; WASI's
 * fd_filestat_get is the one call that keeps all digits and needs no permission but to read the file.
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

/** Where in a filestat record of wasi_snapshot_preview1 the time of the last change lies. */
const mtimeOffset = 40;

/** Nanoseconds below the millisecond, by inode: a file is opened again only when stat tells of a change. */
const known = new Map<number, { dev: number; mtimeMs: number; size: number; rest: number }>();
const maxKnown = 20_000;

/**
 * The time of a regular file's last change, nanoseconds since the epoch. facts is what stat has told of
 * path just now; where the finer digits cannot be had, the milliseconds of facts are the answer.
 */
export function mtimeNanos(path: string, facts: FileFacts): bigint {
  const whole = BigInt(Math.trunc(facts.mtimeMs)) * 1_000_000n;
  if (!facts.isFile) return whole;
  const { dev, ino, mtimeMs, size } = facts;
  const entry = known.get(ino);
  if (
    entry !== undefined && entry.dev === dev && entry.mtimeMs === mtimeMs && entry.size === size
  ) {
    return whole + BigInt(entry.rest);
  }
  const exact = readExact(path);
  // Another time is that of a change since, or of another file: it does not belong to these facts.
  if (exact === null || exact < whole || exact >= whole + 1_000_000n) return whole;
  if (known.size >= maxKnown) known.clear();
  known.set(ino, { dev, mtimeMs, size, rest: Number(exact - whole) });
  return exact;
}

/** Opens path as the standard input of a WASI program that has no code, only this call. */
function readExact(path: string): bigint | null {
  const { Wasi, memory } = loaded ??= load();
  let fd;
  try {
    // Non-blocking: what was a regular file at the stat call may be a pipe by now.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
    const wasi = new Wasi({ version: "preview1", stdin: fd });
    wasi.finalizeBindings({ exports: { memory } });
    const calls = wasi.wasiImport as WasiCalls;
    const code = calls.fd_filestat_get(0, 0);
    calls.fd_close(0); // Its own duplicate of fd, else kept until garbage collection.
    return code === 0 ? new DataView(memory.buffer).getBigUint64(mtimeOffset, true) : null;
  } catch {
    return null; // Gone or not readable: the milliseconds of stat must do.
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
