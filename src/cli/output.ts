import type { LogMetadata, LogRecord } from "../generated/cluster_agent.ts";
import { timeText } from "../client/names.ts";
import type { Terminal } from "./terminal.ts";
import { oneLine, safeJson } from "./terminal_text.ts";

/** How results are written: for people, as messages only, or as one JSON object per line. */
export type OutputFormat = "text" | "json" | "raw";

/** Text is collected up to this size and written at once: a write per record would be slow. */
const FLUSH_AT = 64 * 1024;

const RESET = "\x1b[0m";
const DIM = "\x1b[2m";
/** Bold red; its end sequence does not affect the message's other styles. */
const MATCH = "\x1b[1;31m";
const MATCH_END = "\x1b[22;39m";
/** Distinct on dark and light backgrounds; red is for matches. */
const NAME_COLORS = [36, 33, 32, 35, 34, 96, 93, 92, 95, 94];

/** Where a pattern matches in a text: [start, end) in UTF-16 units, in order. */
export type FindMatches = (text: string) => readonly (readonly [start: number, end: number])[];

export interface OutputOptions {
  readonly format: OutputFormat;
  /** Whether control characters reach a terminal unchanged. */
  readonly raw?: boolean;
  /** Overrides the terminal's default. */
  readonly color?: boolean;
  /** Finds the text to highlight. */
  readonly findMatches?: FindMatches | null;
}

/** Writes results; call flush when the command waits for more, and at the end. Made by each command for itself. */
export class Output {
  readonly format: OutputFormat;
  readonly #terminal: Terminal;
  readonly #raw: boolean;
  readonly #color: boolean;
  readonly #findMatches: FindMatches | null;
  /** A message's own colors reach a terminal even if this program adds none: they must end with the message. */
  readonly #keepsColors: boolean;
  readonly #colorOfName = new Map<string, number>();
  #waiting = "";

  constructor(terminal: Terminal, options: OutputOptions) {
    this.#terminal = terminal;
    this.format = options.format;
    this.#raw = options.raw ?? false;
    this.#color = options.color ?? terminal.color;
    this.#keepsColors = this.#color || (terminal.interactive && !this.#raw);
    this.#findMatches = this.#color ? options.findMatches ?? null : null;
  }

  /**
   * One record. As text: the log's name if there is one, time and message on one line; as JSON: everything, with
   * additional fields in front.
   */
  record(
    record: LogRecord,
    options: { readonly name?: string; readonly fields?: Readonly<Record<string, unknown>> } = {},
  ): void {
    const time = timeText(record.timestamp);
    switch (this.format) {
      case "json": {
        const { message, is_final } = record;
        return this.line(safeJson({ ...options.fields, timestamp: time, message, is_final }));
      }
      case "raw":
        return this.line(
          this.#findMatches === null ? record.message : this.message(record.message),
        );
      case "text": {
        const { name } = options;
        const head = name === undefined ? "" : `${this.name(name)} `;
        return this.line(`${head}${this.dim(time)} ${this.message(record.message)}`);
      }
    }
  }

  /** A message on one line, with matches highlighted; its colors end with it. */
  message(message: string): string {
    const text = this.#raw ? message : oneLine(message);
    if (this.#findMatches === null) {
      return this.#keepsColors && text.includes("\x1b[") ? text + RESET : text;
    }
    let shown = "";
    let at = 0;
    for (const [start, end] of this.#findMatches(text)) {
      if (end === start) continue;
      shown += `${text.slice(at, start)}${MATCH}${text.slice(start, end)}${MATCH_END}`;
      at = end;
    }
    shown += text.slice(at);
    return text.includes("\x1b[") ? shown + RESET : shown;
  }

  /** A name in its own color, always the same one. */
  name(name: string): string {
    if (!this.#color) return name;
    let color = this.#colorOfName.get(name);
    if (color === undefined) {
      color = NAME_COLORS[this.#colorOfName.size % NAME_COLORS.length] ?? 36;
      this.#colorOfName.set(name, color);
    }
    return `\x1b[${color}m${name}${RESET}`;
  }

  dim(text: string): string {
    return this.#color ? `${DIM}${text}${RESET}` : text;
  }

  line(text: string): void {
    this.#waiting += `${text}\n`;
    if (this.#waiting.length >= FLUSH_AT) this.flush();
  }

  flush(): void {
    if (this.#waiting === "") return;
    const text = this.#waiting;
    this.#waiting = "";
    this.#terminal.out(text, { raw: this.#raw });
  }

  /** Rows in columns of appropriate widths; the first row is the header. */
  table(rows: readonly (readonly string[])[]): void {
    const widths = columnWidths(rows);
    for (const [n, row] of rows.entries()) {
      const line = row.map((cell, i) => cell.padEnd(widths[i] ?? 0)).join("  ").trimEnd();
      this.line(n === 0 ? this.dim(line) : line);
    }
  }
}

function columnWidths(rows: readonly (readonly string[])[]): number[] {
  return rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? [];
}

/** The width of a table with these rows, in characters. */
export function tableWidth(rows: readonly (readonly string[])[]): number {
  const widths = columnWidths(rows);
  return widths.reduce((sum, width) => sum + width, 0) + 2 * (widths.length - 1);
}

/** Seconds as 12s, 5m, 3h or 2d. */
export function ageText(seconds: number): string {
  const whole = Math.max(Math.round(seconds), 0);
  if (whole < 120) return `${whole}s`;
  if (whole < 7200) return `${Math.round(whole / 60)}m`;
  return whole < 172_800 ? `${Math.round(whole / 3600)}h` : `${Math.round(whole / 86_400)}d`;
}

/** One log as a JSON object with the protocol's names. */
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
