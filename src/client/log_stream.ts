import type * as grpc from "@grpc/grpc-js";
import {
  FollowFrom,
  type LogRecord,
  type LogRecordsStreamRequest,
} from "../generated/cluster_agent.ts";
import { timeText } from "./names.ts";
import { type Ending, readStream } from "./agent_calls.ts";
import type { Connection } from "./agent_connection.ts";

export interface LogStreamOptions {
  /** What is being done, for error messages. */
  readonly doing: string;
  readonly direction: "forward" | "backward";
  /** Start with the last N lines instead of the beginning; null: all. Forward only. */
  readonly tail: number | null;
  /** Whether a line may consist of several records, of which only the last is final. */
  readonly joinsLines: boolean;
  readonly onRecord: (record: LogRecord) => void;
  readonly onPause: () => void;
  readonly signal: AbortSignal;
}

/** One log's records, from one agent; can be paused. Made by the session, which alone pauses and resumes it. */
export class LogStream {
  readonly #connection: Connection;
  readonly #request: LogRecordsStreamRequest;
  readonly #options: LogStreamOptions;
  #call: grpc.ClientReadableStream<LogRecord> | null = null;

  constructor(
    connection: Connection,
    request: LogRecordsStreamRequest,
    options: LogStreamOptions,
  ) {
    this.#connection = connection;
    this.#request = request;
    this.#options = options;
  }

  pause(): void {
    this.#call?.pause();
  }

  resume(): void {
    this.#call?.resume();
  }

  /** Reads to the end. Throws CallError. */
  async read(): Promise<Ending> {
    const { direction, tail, onRecord } = this.#options;
    const take = (record: LogRecord) => {
      onRecord(record);
      return true;
    };
    if (tail === null) return await this.#stream(direction, this.#request, take);
    return await this.#readFromTail(tail, take);
  }

  /** The last lines, then, if following, the lines after them: no record twice, none missing. */
  async #readFromTail(
    tail: number,
    take: (record: LogRecord) => boolean,
  ): Promise<Ending> {
    const isFollowing = this.#request.follow_from !== FollowFrom.NOOP;
    const last: LogRecord[] = [];
    let lines = 0;
    const ending = await this.#stream(
      "backward",
      { ...this.#request, follow_from: FollowFrom.NOOP },
      (record) => {
        // Backward, a line begins with its final record.
        const isNewLine = !this.#options.joinsLines || record.is_final;
        if (isNewLine && lines === tail) return false;
        if (isNewLine) lines++;
        last.push(record);
        return true;
      },
    );
    if (ending === "interrupted") return ending;
    for (const record of last.reverse()) take(record);
    if (!isFollowing) return "complete";

    const newest = last.at(-1)?.timestamp;
    if (newest === undefined) return await this.#stream("forward", this.#request, take);
    const isOfNewest = ({ timestamp }: LogRecord) =>
      timestamp?.seconds === newest.seconds && timestamp.nanos === newest.nanos;
    const shown = last.filter(isOfNewest).map(({ message }) => message);
    return await this.#stream(
      "forward",
      { ...this.#request, start_time: timeText(newest) },
      (record) => {
        // The window begins with all records of that time: those already shown, and earlier ones before them.
        if (shown.length > 0 && isOfNewest(record)) {
          const at = shown.indexOf(record.message);
          if (at >= 0) shown.splice(at, 1);
          return true;
        }
        return take(record);
      },
    );
  }

  #stream(
    direction: "forward" | "backward",
    request: LogRecordsStreamRequest,
    onMessage: (record: LogRecord) => boolean,
  ): Promise<Ending> {
    const { records, identity } = this.#connection;
    this.#call = direction === "forward"
      ? records.streamForward(request, identity)
      : records.streamBackward(request, identity);
    const { doing, onPause, signal } = this.#options;
    return readStream(this.#call, doing, { onMessage, onPause }, { signal });
  }
}
