import type { LogMetadata, LogRecord } from "../generated/cluster_agent.ts";
import type { Timestamp } from "../generated/google/protobuf/timestamp.ts";
import type { Terminal } from "./terminal.ts";

/** How results are written: for people, or one JSON object a line. */
export type OutputFormat = "text" | "json";

/** Text that waits to be written at once: a write for every record would be slow. */
const flushAt = 64 * 1024;

/** Writes results; flush when something waits for more, and at the end. */
export class Output {
  readonly format: OutputFormat;
  readonly #terminal: Terminal;
  #waiting = "";

  constructor(terminal: Terminal, format: OutputFormat) {
    this.#terminal = terminal;
    this.format = format;
  }

  /** One record: its time and message, as the runtime wrote them. */
  record(record: LogRecord): void {
    const time = timeText(record.timestamp);
    if (this.format === "json") {
      const { message, is_final } = record;
      this.line(JSON.stringify({ timestamp: time, message, is_final }));
    } else {
      this.line(`${this.#dim(time)} ${record.message}`);
    }
  }

  line(text: string): void {
    this.#waiting += `${text}\n`;
    if (this.#waiting.length >= flushAt) this.flush();
  }

  flush(): void {
    if (this.#waiting === "") return;
    const text = this.#waiting;
    this.#waiting = "";
    this.#terminal.out(text);
  }

  /** Rows in columns of their own widths; the first row is the head. */
  table(rows: readonly (readonly string[])[]): void {
    const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ??
      [];
    for (const [n, row] of rows.entries()) {
      const line = row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ").trimEnd();
      this.line(n === 0 ? this.#dim(line) : line);
    }
  }

  #dim(text: string): string {
    return this.#terminal.colour ? `\x1b[2m${text}\x1b[0m` : text;
  }
}

/** One log as a JSON object with the names of the protocol. */
export function metadataJson({ id, spec, fileInfo }: LogMetadata): Record<string, unknown> {
  return {
    id,
    spec: { ...spec },
    fileInfo: {
      size: Number(fileInfo?.size ?? 0n),
      last_modified_at: timeText(fileInfo?.last_modified_at),
    },
  };
}

/** namespace/pod/container: what a person calls a log. */
export function logName({ spec }: LogMetadata): string {
  return `${spec?.namespace}/${spec?.pod_name}/${spec?.container_name}`;
}

/** RFC 3339 in UTC with 0, 3, 6 or 9 digits of a second's fraction. */
export function timeText(time: Timestamp | undefined): string {
  const seconds = Number(time?.seconds ?? 0n);
  let digits = String(time?.nanos ?? 0).padStart(9, "0");
  while (digits.endsWith("000")) digits = digits.slice(0, -3);
  const whole = new Date(seconds * 1000).toISOString().slice(0, -5);
  return `${whole}${digits === "" ? "" : `.${digits}`}Z`;
}

/** Bytes as 512 B, 1.5 KiB, 20 MiB. */
export function sizeText(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  let size = bytes;
  while (size >= 1024 && unit < units.length - 1) {
    size /= 1024;
    unit++;
  }
  return `${unit === 0 || size >= 100 ? Math.round(size) : Number(size.toFixed(1))} ${units[unit]}`;
}

/** "1 record", "2,345 records". */
export function countText(count: number, noun: string): string {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}
