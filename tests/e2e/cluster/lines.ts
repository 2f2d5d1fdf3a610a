import type * as grpc from "@grpc/grpc-js";
import type { LogRecord } from "../../../src/generated/cluster_agent.ts";
import { recordTime, statusName } from "../../harness/calls.ts";

/** A slow reader pauses when it is so far ahead of its pace. */
const AHEAD_MS = 20;

/** How a stream ended. */
export interface Ended {
  readonly code: string;
  readonly details: string;
}

/** The lines of a log as they come from a stream, or from several that continue each other. */
export class Lines {
  readonly texts: string[] = [];
  /** RFC 3339, of the last record. */
  lastTime = "";
  #waiting: { condition: () => boolean; resolve: () => void }[] = [];
  #pending = "";

  /** Reads a stream to its end, no faster than so many bytes of messages a second. */
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
    call.on("error", () => {}); // the status says the same
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

  /** Resolves when so many lines are there. */
  async reach(count: number): Promise<void> {
    const condition = () => this.texts.length >= count;
    if (condition()) return;
    await new Promise<void>((resolve) => this.#waiting.push({ condition, resolve }));
  }
}

/**
 * Of lines that end in ascending numbers: what is missing, doubled or out of order, at most five of
 * it; empty where all is well.
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
