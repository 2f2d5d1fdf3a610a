/** A worker of the scan pool: carries out one request at a time. It may only read files below the log roots. */
import { Failure } from "../failure/failure.ts";
import { examineInflated } from "../files/examined_text.ts";
import type { InflatedBytes } from "../files/inflated_bytes.ts";
import { collectGarbage } from "../platform/memory.ts";
import type { Scanner, ScanSpec } from "../scan/scan.ts";
import type { ByteSource } from "../scan/time_window.ts";
import type {
  Bounds,
  Init,
  LocateRequest,
  Message,
  Request,
  Response,
  ScanRequest,
} from "./messages.ts";
import { locateWindow } from "./locate_window.ts";
import { InflatedFiles, OpenFiles } from "./open_files.ts";
import { newScratch, Scanners, scanPiece } from "./piece.ts";
import { RequestLoop } from "./request_loop.ts";
import { SharedFlags } from "./shared_flags.ts";

/** Without requests for this long, it closes files and releases memory. */
const REST_AFTER_MS = 200;

const scanners = new Scanners();
const files = new OpenFiles();
const inflated = new InflatedFiles();
let scratch = newScratch();
let flags = new SharedFlags();
let loop: RequestLoop;
let engineBytes = 0;
/** The module of the regex engine, loaded with the first pattern. */
let engineModule: typeof import("../scan/rust_regex.ts") | null = null;
let restTimer: ReturnType<typeof setTimeout> | undefined;

self.onmessage = ({ data }: MessageEvent<Init | Request>) => {
  if (data.kind === "init") init(data);
  else loop.receive(data);
};

function init(message: Init): void {
  flags = new SharedFlags(message.sharedFlags);
  engineBytes = message.engineBytes;
  loop = new RequestLoop(flags, {
    carryOut: async (request, isStopped) => {
      clearTimeout(restTimer);
      const response = await carryOut(request, isStopped);
      flags.engineBytes = engineModule?.engineMemory() ?? 0;
      restTimer = setTimeout(rest, REST_AFTER_MS);
      return response;
    },
    respond: (response) =>
      send(response, response.kind === "scanned" ? [response.result.frames.buffer] : []),
  });
}

function send(message: Message, transfer: Transferable[] = []): void {
  self.postMessage(message, transfer);
}

function rest(): void {
  files.close();
  scratch = newScratch();
  collectGarbage();
}

async function carryOut(request: Request, isStopped: () => boolean): Promise<Response> {
  const { id } = request;
  try {
    if (request.kind === "check") {
      await compile(request.spec);
      return { kind: "checked", id };
    }
    if (request.kind === "locate") {
      const bytes = inflated.get(request.source);
      if (bytes === null) return { kind: "file-unavailable", id };
      return { kind: "located", id, bounds: await locate(request, bytes, isStopped) };
    }
    if (request.kind === "examine") {
      const bytes = inflated.get(request.source);
      if (bytes === null) return { kind: "file-unavailable", id };
      const isPaused = pauses(request.sliceMs, isStopped);
      const examined = examineInflated(bytes, request.range, isPaused);
      return { kind: "examined", id, examined };
    }
    const source = open(request.source);
    if (source === null) return { kind: "file-unavailable", id };
    const scanner = timed(await compile(request.piece.spec));
    const { sliceMs, leavesLongLines: inline = false } = request;
    const limits = { sliceMs, isStopped, inline, reachesLines: "bytes" in request.source };
    const result = scanPiece(request.piece, source, scanner, scratch, limits);
    return { kind: "scanned", id, result };
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) return { kind: "engine-trapped", id };
    if (engineModule !== null && error instanceof engineModule.EngineFull) {
      return { kind: "engine-full", id };
    }
    if (error instanceof Failure) {
      return { kind: "failed", id, failure: error.kind, message: error.message };
    }
    return { kind: "failed", id, failure: "internal", message: describe(error) };
  }
}

/** Null: its time was up, or the result is no longer needed. */
async function locate(
  { format, window, sliceMs }: LocateRequest,
  source: InflatedBytes,
  isStopped: () => boolean,
): Promise<Bounds | null> {
  if (!source.prepare(Infinity, pauses(sliceMs, isStopped))) return null;
  return await locateWindow(source, { format, window }, () => {
    if (isStopped()) throw new Failure("unavailable", "The call was cancelled");
    return null;
  });
}

function pauses(sliceMs: number, isStopped: () => boolean): () => boolean {
  const end = performance.now() + sliceMs;
  return () => performance.now() >= end || isStopped();
}

/** Loading the regex engine counts as waiting; compiling the pattern counts as computing. */
async function compile(spec: ScanSpec): Promise<Scanner> {
  if (spec.grep !== "" && engineModule === null) {
    await import("../scan/pattern.ts");
    engineModule = await import("../scan/rust_regex.ts");
    engineModule.limitEngines(engineBytes);
    engineModule.onEngine((stopFlag) => send({ kind: "stop-flag", stopFlag }));
  }
  flags.startComputing();
  try {
    return await scanners.get(spec);
  } finally {
    flags.stopComputing();
  }
}

/** Wraps the scanner so that its time counts as computing; reading between two scans does not. */
function timed(scanner: Scanner): Scanner {
  return {
    memory: scanner.memory,
    scan(bytes, from, to, options) {
      flags.startComputing();
      try {
        return scanner.scan(bytes, from, to, options);
      } finally {
        flags.stopComputing();
      }
    },
  };
}

function open(source: ScanRequest["source"]): ByteSource | null {
  if (!("bytes" in source)) return source.isCompressed ? inflated.get(source) : files.get(source);
  const { bytes, offset } = source;
  return {
    size: offset + bytes.length,
    readAt(at, into) {
      const part = bytes.subarray(at - offset, at - offset + into.length);
      into.set(part);
      return part.length;
    },
  };
}

/** An unexpected error without its message, which may quote the log: its kind and where it was thrown. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return "Cannot scan the log: unknown error";
  const place = error.stack?.split("\n").find((line) => /^\s+at .*:\d+:\d+/.test(line))?.trim();
  return `Cannot scan the log: ${error.name}${place === undefined ? "" : ` ${place}`}`;
}

send({ kind: "ready" });
