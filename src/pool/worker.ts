/**
 * One thread of the scan pool: takes an order at a time, answers each once. It may read files below
 * the log roots and nothing else.
 */
import { Failure } from "../failure/failure.ts";
import type { Scanner, ScanSpec } from "../scan/scan.ts";
import type { ByteSource } from "../scan/time_window.ts";
import {
  type Answer,
  CELLS,
  FINISHED,
  type Order,
  SKIPPED,
  STOPPED,
  type Welcome,
} from "./messages.ts";
import { OpenFiles } from "./open_files.ts";
import { newScratch, Scanners, scanPiece } from "./piece.ts";

/** Without orders for so long, files are closed and memory is given back. */
const REST_AFTER_MS = 200;

const scanners = new Scanners();
const files = new OpenFiles();
let scratch = newScratch();
let cells: Int32Array = new Int32Array(CELLS);
let hasBrake = false;
let restTimer: ReturnType<typeof setTimeout> | undefined;
/** Orders are carried out one after another, though loading an engine takes several turns. */
let done: Promise<void> = Promise.resolve();

self.onmessage = ({ data }: MessageEvent<Welcome | Order>) => {
  if (data.kind === "welcome") cells = new Int32Array(data.cells);
  else done = done.then(() => answer(data));
};

async function answer(order: Order): Promise<void> {
  if (Atomics.load(cells, SKIPPED) === order.id) return;
  clearTimeout(restTimer);
  const answer = await carryOut(order);
  Atomics.store(cells, FINISHED, order.id);
  self.postMessage(answer, answer.kind === "scanned" ? [answer.result.frames.buffer] : []);
  restTimer = setTimeout(rest, REST_AFTER_MS);
}

function rest(): void {
  files.close();
  scratch = newScratch();
}

async function carryOut(order: Order): Promise<Answer> {
  const { id } = order;
  const isStopped = () => Atomics.load(cells, STOPPED) === id;
  try {
    if (order.kind === "check") {
      await compile(order.spec);
      return { kind: "checked", id };
    }
    const source = open(order.source);
    if (source === null) return { kind: "not-mine", id };
    const scanner = await compile(order.piece.spec);
    const limits = { sliceMs: order.sliceMs, isStopped };
    const result = scanPiece(order.piece, source, scanner, scratch, limits);
    return { kind: "scanned", id, result };
  } catch (error) {
    if (error instanceof WebAssembly.RuntimeError) return { kind: "broken", id };
    if (error instanceof Failure) {
      return { kind: "failed", id, failure: error.kind, message: error.message };
    }
    return { kind: "failed", id, failure: "internal", message: describe(error) };
  }
}

async function compile(spec: ScanSpec): Promise<Scanner> {
  if (spec.grep !== "" && !hasBrake) {
    const { onEngine } = await import("../scan/rust_regex.ts");
    onEngine((brake) => self.postMessage({ kind: "brake", brake } satisfies Answer));
    hasBrake = true;
  }
  return await scanners.get(spec);
}

function open(source: Extract<Order, { kind: "scan" }>["source"]): ByteSource | null {
  if (!("bytes" in source)) return files.get(source);
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

/** An unforeseen error without its message, which may quote the log: what it is and where it arose. */
function describe(error: unknown): string {
  if (!(error instanceof Error)) return "cannot scan the log: unknown error";
  const place = error.stack?.split("\n").find((line) => /^\s+at .*:\d+:\d+/.test(line))?.trim();
  return `cannot scan the log: ${error.name}${place === undefined ? "" : ` ${place}`}`;
}

self.postMessage({ kind: "ready" } satisfies Answer);
