import {
  FollowFrom,
  type LogMetadata,
  type LogMetadataWatchEvent,
  type LogRecord,
} from "../generated/cluster_agent.ts";
import { logName } from "./names.ts";
import { explained, readStream } from "./agent_calls.ts";
import type { Connection } from "./agent_connection.ts";
import { LineJoiner } from "./line_joiner.ts";
import { LogStream } from "./log_stream.ts";
import { RecordMerge } from "./merge.ts";

/** The selected logs, including those that appear later. */
export interface Selection {
  readonly namespace: string;
  includes(log: LogMetadata): boolean;
}

/** A log on one of the agents. */
export interface NodeLog {
  readonly connection: Connection;
  readonly log: LogMetadata;
}

export interface SessionOptions {
  readonly direction: "forward" | "backward";
  /** The request's fields other than those that name a log. */
  readonly request: {
    readonly start_time: string;
    readonly stop_time: string;
    readonly grep: string;
    readonly follow_from: FollowFrom;
  };
  /** Forward: start with the last N lines of each log; null: with the first. */
  readonly tail: number | null;
  /** Whether records that are parts of one line are joined. */
  readonly joinLines: boolean;
  /** Receives the merged records. Returns false when it has enough. */
  readonly onRecord: (record: LogRecord, of: NodeLog) => boolean;
  /** Called when no more records have arrived for now. */
  readonly onPause: () => void;
  readonly onOpen: (of: NodeLog, isNew: boolean) => void;
  /** A followed log is gone. */
  readonly onGone: (of: NodeLog) => void;
  /** A log cannot be read any further; the others continue. */
  readonly onError: (error: unknown) => void;
  readonly signal: AbortSignal;
}

/** Why a session ended. */
export type SessionEnding = "complete" | "enough" | "interrupted";

/**
 * Reads several logs at once, merged in the order of their times; logs may join while it follows. Made by a command for
 * a single call.
 */
export class RecordsSession {
  readonly #options: SessionOptions;
  readonly #merge: RecordMerge;
  readonly #open = new Map<string, NodeLog>();
  readonly #known = new Set<string>();
  readonly #stop = new AbortController();
  readonly #ended = Promise.withResolvers<SessionEnding>();
  #reading = 0;
  #watching = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    this.#merge = new RecordMerge({
      direction: options.direction,
      live: options.request.follow_from !== FollowFrom.NOOP,
      emit: (record, key) => {
        const of = this.#open.get(key);
        if (of === undefined || options.onRecord(record, of)) return true;
        this.#finish("enough");
        return false;
      },
      onReleased: () => this.#attempt(options.onPause),
    });
    this.#ended.promise.catch(() => {}); // ended() returns it; until then nothing handles it.
    const interrupt = () => this.#finish("interrupted");
    options.signal.addEventListener("abort", interrupt);
    this.#stop.signal.addEventListener(
      "abort",
      () => options.signal.removeEventListener("abort", interrupt),
    );
  }

  /** Resolves when all logs are at their end, enough was read, or the signal fires. Rejects with errors of onRecord. */
  async ended(): Promise<SessionEnding> {
    if (this.#options.signal.aborted) this.#finish("interrupted");
    this.#settle();
    return await this.#ended.promise;
  }

  /** Reads these logs as requested. */
  read(logs: readonly NodeLog[]): void {
    this.#reading++;
    for (const of of logs) this.#start(of, this.#options.request.follow_from, false);
    this.#reading--;
  }

  /**
   * Adds selected logs that appear on the agent. Resolves when the agent has begun to report new logs. `holds`: the
   * session continues as long as this watch does, even if no log is left.
   */
  watch(
    connection: Connection,
    selections: readonly Selection[],
    options: { readonly holds: boolean },
  ): Promise<void> {
    const started = Promise.withResolvers<void>();
    const namespaces = [...new Set(selections.map(({ namespace }) => namespace))];
    const call = connection.metadata.watch({ namespaces }, connection.identity);
    call.on("metadata", () => started.resolve());
    if (options.holds) this.#watching++;
    void readStream(call, `watch the logs of ${connection.address}`, {
      onMessage: ({ type, object }: LogMetadataWatchEvent) => {
        if (type === "ADDED" && object !== undefined) this.#added(connection, object, selections);
        return true;
      },
      onPause: () => {},
    }, { signal: this.#stop.signal }).then(
      () => {},
      async (error) => this.#options.onError(await explained(error, connection)),
    ).finally(() => {
      started.resolve();
      if (options.holds) this.#watching--;
      this.#settle();
    });
    return started.promise;
  }

  /** Marks logs as known, so that a watch does not add them again. */
  know(logs: readonly NodeLog[]): void {
    for (const of of logs) this.#known.add(keyOf(of));
  }

  #added(connection: Connection, log: LogMetadata, selections: readonly Selection[]): void {
    const of = { connection, log };
    if (this.#known.has(keyOf(of)) || !selections.some((selection) => selection.includes(log))) {
      return;
    }
    this.#start(of, FollowFrom.DEFAULT, true);
  }

  #start(of: NodeLog, followFrom: FollowFrom, isNew: boolean): void {
    const { connection, log: { id, spec } } = of;
    const { direction, request, joinLines, signal } = this.#options;
    const key = keyOf(of);
    this.#known.add(key);
    this.#open.set(key, of);
    this.#reading++;
    this.#options.onOpen(of, isNew);
    const wanted = {
      ...request,
      follow_from: followFrom,
      namespace: spec?.namespace ?? "",
      pod_name: spec?.pod_name ?? "",
      container_name: spec?.container_name ?? "",
      container_id: id,
    };
    const joiner = joinLines
      ? new LineJoiner({ direction, isFiltered: request.grep !== "" })
      : null;
    const add = (records: readonly LogRecord[]) => {
      let hasRoom = true;
      for (const record of records) hasRoom = source.add(record);
      if (!hasRoom) stream.pause();
    };
    const stream = new LogStream(connection, wanted, {
      doing: `read ${logName(of.log)}`,
      direction,
      // A new log has no records that are too old.
      tail: isNew ? null : this.#options.tail,
      joinsLines: joinLines,
      onRecord: (record) =>
        this.#attempt(() => add(joiner === null ? [record] : joiner.add(record))),
      onPause: () => this.#attempt(this.#options.onPause),
      signal: this.#stop.signal,
    });
    const source = this.#merge.source(key, () => stream.resume());
    void stream.read().then(
      (ending) => () => {
        const isGone = ending === "complete" && followFrom !== FollowFrom.NOOP && !signal.aborted;
        if (isGone) this.#options.onGone(of);
      },
      async (error) => {
        const reason = await explained(error, connection);
        return () => this.#options.onError(reason);
      },
    ).then((tell) => {
      this.#attempt(() => {
        add(joiner?.end() ?? []);
        source.end();
        this.#options.onPause();
        tell();
      });
      this.#reading--;
      this.#settle();
    });
  }

  /** Ends when nothing is being read and nothing more can come. */
  #settle(): void {
    if (this.#reading === 0 && this.#watching === 0) this.#finish("complete");
  }

  #finish(ending: SessionEnding): void {
    this.#merge.close();
    this.#attempt(this.#options.onPause);
    this.#ended.resolve(ending);
    this.#stop.abort();
  }

  /** Runs work that throws when the reader of the output has gone, which ends the session. */
  #attempt(work: () => void): void {
    try {
      work();
    } catch (error) {
      this.#merge.close();
      this.#ended.reject(error);
      this.#stop.abort();
    }
  }
}

function keyOf({ connection, log }: NodeLog): string {
  return `${connection.address} ${logName(log)}/${log.id}`;
}
