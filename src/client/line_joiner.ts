import type { LogRecord } from "../generated/cluster_agent.ts";
import type { Timestamp } from "../generated/google/protobuf/timestamp.ts";

/** A line with more characters than this is returned in several pieces, so that memory stays bounded. */
const MAX_LINE_CHARACTERS = 8 * 2 ** 20;

/**
 * Joins the records of one log that are parts of one line (is_final is false for all but the last): CRI's partial
 * lines, and lines longer than the agent's max-line-bytes. Owned by one reader of one log.
 */
export class LineJoiner {
  readonly #backward: boolean;
  readonly #isFiltered: boolean;
  /** Parts of the incomplete line, in the order of arrival. */
  #parts: LogRecord[] = [];
  #characters = 0;

  constructor(
    options: {
      readonly direction: "forward" | "backward";
      /** With a grep, parts may be missing: only parts with the same time are certain to belong together. */
      readonly isFiltered: boolean;
    },
  ) {
    this.#backward = options.direction === "backward";
    this.#isFiltered = options.isFiltered;
  }

  /** Takes a record; returns the lines that it completes. */
  add(record: LogRecord): LogRecord[] {
    const last = this.#parts.at(-1);
    // Backward, a line's last part comes first: the next final record shows that the line was complete.
    const startsLine = last !== undefined && (this.#backward ? record.is_final : last.is_final);
    const isForeign = last !== undefined && this.#isFiltered &&
      !isSameTime(last.timestamp, record.timestamp);
    const lines = startsLine || isForeign || this.#characters > MAX_LINE_CHARACTERS
      ? this.end()
      : [];
    this.#parts.push(record);
    this.#characters += record.message.length;
    if (!this.#backward && record.is_final) lines.push(...this.end());
    return lines;
  }

  /** What is left when the log ends. */
  end(): LogRecord[] {
    const parts = this.#backward ? this.#parts.reverse() : this.#parts;
    this.#parts = [];
    this.#characters = 0;
    const [first] = parts;
    if (first === undefined) return [];
    if (parts.length === 1) return [first];
    return [{
      timestamp: first.timestamp,
      message: parts.map(({ message }) => message).join(""),
      is_final: parts.at(-1)?.is_final ?? false,
    }];
  }
}

function isSameTime(a: Timestamp | undefined, b: Timestamp | undefined): boolean {
  return a?.seconds === b?.seconds && a?.nanos === b?.nanos;
}
