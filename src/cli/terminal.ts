import {
  env,
  exit,
  onSignal,
  outputColumns,
  outputIsTerminal,
  writeError,
  writeOut,
} from "../platform/process.ts";
import { terminalSafe } from "./terminal_text.ts";

/** Where a command writes, and what ends it early. Tests pass their own. */
export interface Terminal {
  /**
   * Writes results. If a person reads them (interactive), control characters other than line feed, tab and colors are
   * escaped unless raw is set. Throws if the reader has gone (isReaderGone).
   */
  out(text: string, options?: { readonly raw?: boolean }): void;
  /** Writes everything about the results: endings, hints, errors. Control characters are always escaped. */
  err(text: string): void;
  /** Whether results are colored. */
  readonly color: boolean;
  /** Whether out is read by a person rather than by a file or program. */
  readonly interactive: boolean;
  /** Width in characters; null if out is not a terminal. */
  readonly columns: number | null;
  /**
   * Calls handler when the command is interrupted (by Ctrl-C, or because its terminal is closed); returns a function
   * that ends this.
   */
  onInterrupt(handler: () => void): () => void;
  /** Ends the process at once. */
  exit(code: number): void;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** The process's own terminal. A non-empty NO_COLOR (no-color.org) disables color. */
export const processTerminal: Terminal = {
  out(text, { raw = false } = {}) {
    writeOut(!raw && outputIsTerminal() ? terminalSafe(text) : text);
  },
  err: (text) => writeError(terminalSafe(text)),
  get color() {
    return outputIsTerminal() && (env("NO_COLOR") ?? "") === "" && env("TERM") !== "dumb";
  },
  get interactive() {
    return outputIsTerminal();
  },
  get columns() {
    return outputColumns();
  },
  onInterrupt(handler) {
    const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
    const stops = signals.map((signal) => onSignal(signal, handler));
    return () => stops.forEach((stop) => stop());
  },
  exit,
  now: () => Date.now(),
};

/**
 * Whether the program that read our output has ended, as `head` does: not a failure, but there is nothing left to do.
 */
export function isReaderGone(error: unknown): boolean {
  return error instanceof Error && error.name === "BrokenPipe";
}

/** Exit codes of every command. */
export const exitCode = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** The arguments cannot be understood; the message says which and why. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
