/**
 * The side of the container runtime and the kubelet, in a separate thread: writes numbered lines, each with the time at
 * which it was written and in a separate write, and rotates the files.
 */
export interface WriterOrder {
  /** Files that are followed, at `rate` lines per second each. */
  readonly files: readonly string[];
  readonly rate: number;
  readonly seconds: number;
  /** Number of rotations per file, spread over the time. */
  readonly rotations: number;
  readonly style: "rename" | "copytruncate";
  /** Whether all files are written at the same moment. */
  readonly isBurst: boolean;
  /** The number of the first line. */
  readonly first: number;
  /** A file that nobody follows, and how many lines per second are written to it. */
  readonly elsewhere: { readonly path: string; readonly rate: number } | null;
}

export interface WriterResult {
  /** How many lines each file has, including `first`. */
  readonly written: number;
  readonly rotated: number;
  /** How late the writer itself was, in milliseconds: if this is large, the machine is the bottleneck. */
  readonly lateMs: number;
}

interface LogUnderWrite {
  readonly path: string;
  file: Deno.FsFile;
  next: number;
  rotated: number;
  /** When the first line and the first rotation are due, in milliseconds from the start. */
  readonly phase: number;
}

const encoder = new TextEncoder();

/** RFC 3339 with nanoseconds, as a CRI runtime writes it. */
export function stamp(milliseconds: number): string {
  const whole = Math.floor(milliseconds);
  const nanos = Math.floor((milliseconds - whole) * 1e6);
  return `${new Date(whole).toISOString().slice(0, -1)}${String(nanos).padStart(6, "0")}Z`;
}

/** Wall clock with microseconds. */
export function wallClock(): number {
  return performance.timeOrigin + performance.now();
}

export function lineOf(number: number): string {
  return `${stamp(wallClock())} stdout F ${number} the quick brown fox jumps over the lazy dog\n`;
}

function open(path: string): Deno.FsFile {
  return Deno.openSync(path, { create: true, append: true, write: true });
}

function rotate(log: LogUnderWrite, style: WriterOrder["style"]) {
  log.rotated++;
  const name = stamp(wallClock()).replace(/[-:]/g, "").replace("T", "-").slice(0, 15);
  const rotated = `${log.path}.${name.slice(0, 13)}${String(log.rotated).padStart(2, "0")}`;
  if (style === "copytruncate") {
    Deno.copyFileSync(log.path, rotated);
    log.file.truncateSync(0);
    return;
  }
  Deno.renameSync(log.path, rotated);
  // The runtime keeps writing to the renamed file until it is told to open a new one.
  log.file.writeSync(encoder.encode(lineOf(log.next++)));
  log.file.close();
  log.file = open(log.path);
}

async function write(order: WriterOrder): Promise<WriterResult> {
  const period = 1000 / order.rate;
  const logs = order.files.map((path, i): LogUnderWrite => ({
    path,
    file: open(path),
    next: order.first,
    rotated: 0,
    phase: order.isBurst ? 0 : (i / order.files.length) * period,
  }));
  const end = order.first + Math.round(order.rate * order.seconds);
  const rotateEvery = (order.seconds * 1000) / (order.rotations + 1);
  const elsewhere = order.elsewhere === null ? null : open(order.elsewhere.path);
  let elsewhereWritten = 0;
  let lateMs = 0;
  const began = performance.now();
  while (logs.some((log) => log.next < end)) {
    const now = performance.now() - began;
    for (const [i, log] of logs.entries()) {
      while (log.next < end) {
        const due = log.phase + (log.next - order.first) * period;
        if (due > now) break;
        lateMs = Math.max(lateMs, now - due);
        log.file.writeSync(encoder.encode(lineOf(log.next++)));
      }
      const due = rotateEvery * (log.rotated + 1) + (i / logs.length) * rotateEvery * 0.5;
      if (log.rotated < order.rotations && now >= due && log.next < end) rotate(log, order.style);
    }
    if (elsewhere !== null && order.elsewhere !== null) {
      for (; elsewhereWritten < (now / 1000) * order.elsewhere.rate; elsewhereWritten++) {
        elsewhere.writeSync(encoder.encode(lineOf(elsewhereWritten)));
      }
    }
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  for (const log of logs) log.file.close();
  elsewhere?.close();
  return { written: end, rotated: logs.reduce((sum, log) => sum + log.rotated, 0), lateMs };
}

if (typeof WorkerGlobalScope !== "undefined" && self instanceof WorkerGlobalScope) {
  const scope = self as unknown as {
    onmessage: (event: MessageEvent<WriterOrder>) => void;
    postMessage(result: WriterResult): void;
  };
  scope.onmessage = async (event) => scope.postMessage(await write(event.data));
}
