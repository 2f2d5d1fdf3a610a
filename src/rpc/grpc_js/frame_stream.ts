import type { ServerWritableStream } from "@grpc/grpc-js";
import { LogRecord, type LogRecordsStreamRequest } from "../../generated/cluster_agent.ts";
import { SHARED_BYTES } from "../../stream/appended_scanner.ts";
import { drained } from "../drained.ts";
import { type InnermostCall, innermostCall } from "./call_stream.ts";

/** A streaming call of records. */
export type RecordsCall = ServerWritableStream<LogRecordsStreamRequest, LogRecord>;

/** Receives frames. */
export interface FrameSink {
  /**
   * Writes ready gRPC frames; resolves to true when the next frames may follow, false if the call is gone or must stop.
   * The sink takes over the buffer of frames that are larger than SHARED_BYTES; smaller ones may be written to several
   * sinks. Wait for one write before the next.
   */
  write(frames: Uint8Array): Promise<boolean>;
  /** The same, without a promise if there is nothing to wait for. */
  writeNow(frames: Uint8Array): boolean | Promise<boolean>;
}

/**
 * The call's sink. grpc-js serializes, frames and writes every message individually, which allows some 65,000 records
 * per second; written in batches to the underlying HTTP/2 stream, frames allow millions. That stream is internal to
 * grpc-js (hence its pinned version): if it cannot be found, records are sent one by one as messages. The signal fires
 * when the call must stop.
 */
export function frameSink(call: RecordsCall, signal: AbortSignal): FrameSink {
  const inner = innermostCall(call);
  return inner === null ? new MessageSink(call, signal) : new RawSink(inner, signal);
}

const noop = () => {};

class RawSink implements FrameSink {
  readonly #call: InnermostCall;
  readonly #signal: AbortSignal;
  /** Set while the stream must be awaited. */
  #resume: ((isAlive: boolean) => void) | null = null;
  #listens = false;

  constructor(call: InnermostCall, signal: AbortSignal) {
    this.#call = call;
    this.#signal = signal;
  }

  async write(frames: Uint8Array): Promise<boolean> {
    return await this.writeNow(frames);
  }

  writeNow(frames: Uint8Array): boolean | Promise<boolean> {
    const { stream } = this.#call;
    if (stream.destroyed || stream.closed) return false;
    this.#call.maybeSendMetadata();
    // Freed at once, without waiting for garbage collection: that saves 15 MB at full speed.
    const release = () => void (frames.buffer as ArrayBuffer).transfer(0);
    if (stream.write(frames, frames.length > SHARED_BYTES ? release : noop)) return true;
    if (this.#signal.aborted) return false;
    this.#listen();
    return new Promise((resolve) => this.#resume = resolve);
  }

  /** Once for all waits of the call: a large stream waits some hundred times a second. */
  #listen(): void {
    if (this.#listens) return;
    this.#listens = true;
    const settle = (isAlive: boolean) => {
      const resume = this.#resume;
      this.#resume = null;
      resume?.(isAlive);
    };
    this.#call.stream.on("drain", () => settle(true));
    this.#call.stream.on("close", () => settle(false));
    this.#signal.addEventListener("abort", () => settle(false));
  }
}

/** The public way: every frame is decoded and written as a message. Owned by one call. */
export class MessageSink implements FrameSink {
  readonly #call: RecordsCall;
  readonly #signal: AbortSignal;

  constructor(call: RecordsCall, signal: AbortSignal) {
    this.#call = call;
    this.#signal = signal;
  }

  writeNow(frames: Uint8Array): Promise<boolean> {
    return this.write(frames);
  }

  async write(frames: Uint8Array): Promise<boolean> {
    const view = new DataView(frames.buffer, frames.byteOffset, frames.byteLength);
    for (let offset = 0; offset < frames.length;) {
      const end = offset + 5 + view.getUint32(offset + 1);
      const record = LogRecord.decode(frames.subarray(offset + 5, end));
      offset = end;
      if (this.#call.cancelled || this.#call.destroyed) return false;
      if (!this.#call.write(record) && !await drained(this.#call, this.#signal)) {
        return false;
      }
    }
    return true;
  }
}
