import type { LogRecord } from "../generated/cluster_agent.ts";
import type { Timestamp } from "../generated/google/protobuf/timestamp.ts";

/** A line longer than this many characters is returned in several pieces: memory stays bounded. */
const MAX_LINE_CHARACTERS = 8 * 2 ** 20;

/**
 * Joins the records of one log that are parts of one line (is_final is false on all but the last): CRI's partial
 * lines, and lines longer than the agent's max-line-bytes. Owned by one reader of one log.
 */
export class LineJoiner {
  readonly #backward: boolean;
  readonly #isFiltered: boolean;
  /** Parts of the line that is not complete, in the order in which they came. */
  #parts: LogRecord[] = [];
  #characters = 0;

  constructor(
    options: {
      readonly direction: "forward" | "backward";
      /** With a grep, parts may be missing: only parts of the same time belong together for certain. */
      readonly isFiltered: boolean;
    },
  ) {
    this.#backward = options.direction === "backward";
    this.#isFiltered = options.isFiltered;
  }

  /** Takes a record; returns the lines that are complete with it. */
  add(record: LogRecord): LogRecord[] {
    const last = this.#parts.at(-1);
    // Backward, a line's last part comes first: the next final record shows that it was whole.
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
