import type * as grpc from "@grpc/grpc-js";
import type { LogRecord } from "../../../src/generated/cluster_agent.ts";
import { recordTime, statusName } from "../../harness/calls.ts";

/** A slow reader pauses when it is this far ahead of its pace. */
const AHEAD_MS = 20;

/** How a stream ended. */
export interface Ended {
  readonly code: string;
  readonly details: string;
}

/** The lines of a log as they arrive from a stream, or from several streams that continue each other. */
export class Lines {
  readonly texts: string[] = [];
  /** Time of the last record, RFC 3339. */
  lastTime = "";
  #waiting: { condition: () => boolean; resolve: () => void }[] = [];
  #pending = "";

  /** Reads a stream to its end, no faster than the given number of message bytes per second. */
  async read(
    call: grpc.ClientReadableStream<LogRecord>,
    { bytesPerSecond = Infinity }: { readonly bytesPerSecond?: number } = {},
  ): Promise<Ended> {
    const began = performance.now();
    let bytes = 0;
    call.on("data", (record: LogRecord) => {
      this.#take(record);
      bytes += record.message.length;
      const aheadMs = bytes / bytesPerSecond * 1000 - (performance.now() - began);
      if (aheadMs < AHEAD_MS) return;
      call.pause();
      setTimeout(() => call.resume(), aheadMs);
    });
    call.on("error", () => {}); // the status contains the same information
    const ended = new Promise((resolve) => call.on("end", resolve));
    const status = new Promise<grpc.StatusObject>((resolve) => call.on("status", resolve));
    const [{ code, details }] = await Promise.all([status, ended]);
    return { code: statusName(code), details };
  }

  #take(record: LogRecord): void {
    this.#pending += record.message;
    this.lastTime = recordTime(record);
    if (!record.is_final) return;
    this.texts.push(this.#pending);
    this.#pending = "";
    const fulfilled = this.#waiting.filter(({ condition }) => condition());
    this.#waiting = this.#waiting.filter((each) => !fulfilled.includes(each));
    for (const { resolve } of fulfilled) resolve();
  }

  /** Resolves when that many lines have arrived. */
  async reach(count: number): Promise<void> {
    const condition = () => this.texts.length >= count;
    if (condition()) return;
    await new Promise<void>((resolve) => this.#waiting.push({ condition, resolve }));
  }
}

/**
 * For lines that end with ascending numbers: those that are missing, duplicated or out of order, at most five; empty if
 * there are none.
 */
export function gaps(texts: readonly string[]): string[] {
  const found: string[] = [];
  let last: number | null = null;
  for (const text of texts) {
    const number = numberOf(text);
    if (last !== null && number !== last + 1) found.push(`${number} after ${last}`);
    last = number;
    if (found.length === 5) break;
  }
  return found;
}

/** The number at the end of a line, or before the first full stop. */
export function numberOf(text: string): number {
  const number = /(\d+)(?: \.*)?$/.exec(text)?.[1];
  if (number === undefined) throw new Error(`no number in ${JSON.stringify(text)}`);
  return Number(number);
}
