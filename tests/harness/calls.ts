import * as grpc from "@grpc/grpc-js";
import {
  FollowFrom,
  type LogRecord,
  type LogRecordsStreamRequest,
} from "../../src/generated/cluster_agent.ts";
import type { TestAgent } from "./agent.ts";
import type { TreeLog } from "./log_tree.ts";
import type { Timestamp } from "../../src/generated/google/protobuf/timestamp.ts";

/** How a call ended. */
export interface Ending {
  /** gRPC status name, such as OK. */
  readonly code: string;
  readonly details: string;
}

/** A request; fields that a test does not name are empty. */
export function request(fields: Partial<LogRecordsStreamRequest> = {}): LogRecordsStreamRequest {
  return {
    namespace: "",
    pod_name: "",
    container_name: "",
    container_id: "",
    start_time: "",
    stop_time: "",
    grep: "",
    follow_from: FollowFrom.NOOP,
    ...fields,
  };
}

/** Metadata from pairs; a name may occur more than once. */
export function metadata(pairs: readonly (readonly [string, string])[]): grpc.Metadata {
  const result = new grpc.Metadata();
  for (const [name, value] of pairs) result.add(name, value);
  return result;
}

/** Resolves to the first record; afterwards nobody reads the call until drain or resume. */
export function firstRecord(call: grpc.ClientReadableStream<LogRecord>): Promise<LogRecord> {
  return new Promise((resolve, reject) => {
    const read = () => {
      const record: LogRecord | null = call.read();
      if (record === null) return;
      call.off("readable", read);
      resolve(record);
    };
    call.on("readable", read);
    call.on("error", reject);
  });
}

/** Reads a stream to its end, whatever the outcome. */
export async function drain<T>(
  call: grpc.ClientReadableStream<T>,
): Promise<{ readonly messages: T[] } & Ending> {
  const messages: T[] = [];
  const ended = new Promise((resolve) => call.on("end", resolve));
  const status = new Promise<grpc.StatusObject>((resolve) => call.on("status", resolve));
  call.on("data", (message: T) => messages.push(message));
  call.on("error", () => {}); // The status contains the same information.
  const [{ code, details }] = await Promise.all([status, ended]);
  return { messages, code: statusName(code), details };
}

/** Reads a log to the end of the stream, whatever the outcome, with the texts of its records. */
export async function readLog(
  agent: TestAgent,
  log: TreeLog,
  fields: Parameters<typeof request>[0] = {},
  direction: "forward" | "backward" = "forward",
) {
  const full = request({ ...log.request, ...fields });
  const records = agent.records();
  const ended = await drain(
    direction === "forward" ? records.streamForward(full) : records.streamBackward(full),
  );
  return { ...ended, texts: ended.messages.map((record) => record.message) };
}

/** Makes a unary call; response is null if it failed. */
export function answer<T>(
  call: (callback: (error: grpc.ServiceError | null, response?: T) => void) => unknown,
): Promise<{ readonly response: T | null } & Ending> {
  return new Promise((resolve) => {
    call((error, response) => {
      resolve(
        error === null
          ? { response: response ?? null, code: "OK", details: "" }
          : { response: null, code: statusName(error.code), details: error.details },
      );
    });
  });
}

export function statusName(code: number): string {
  return grpc.status[code] ?? `status ${code}`;
}

/** A record's time; see instantText. */
export function recordTime(record: LogRecord): string {
  return instantText(record.timestamp ?? { seconds: 0n, nanos: 0 });
}

/** RFC 3339 in UTC with 0, 3, 6 or 9 digits: the form of proto3 JSON. */
export function instantText({ seconds, nanos }: Timestamp): string {
  const whole = new Date(Number(seconds) * 1000).toISOString().slice(0, -5);
  return `${whole}${fraction(nanos)}Z`;
}

function fraction(nanos: number): string {
  if (nanos === 0) return "";
  const digits = String(nanos).padStart(9, "0");
  if (digits.endsWith("000000")) return `.${digits.slice(0, 3)}`;
  return digits.endsWith("000") ? `.${digits.slice(0, 6)}` : `.${digits}`;
}
