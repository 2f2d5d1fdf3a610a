import { env, onSignal, outputIsTerminal, writeError, writeOut } from "../platform/process.ts";

/** Where a command writes, and what ends it early. Tests bring one of their own. */
export interface Terminal {
  /** Results. Throws where the reader has gone away (isReaderGone). */
  out(text: string): void;
  /** Everything about the results: endings, hints, errors. */
  err(text: string): void;
  /** Whether results are coloured. */
  readonly colour: boolean;
  /** Whether out goes to a person rather than to a file or program. */
  readonly interactive: boolean;
  /** Calls handler when the command is interrupted (Ctrl-C); returns how to stop that. */
  onInterrupt(handler: () => void): () => void;
  /** Milliseconds since the epoch. */
  now(): number;
}

/** The process's own terminal. NO_COLOR (no-color.org), when not empty, forbids colour. */
export const processTerminal: Terminal = {
  out: writeOut,
  err: writeError,
  get colour() {
    return outputIsTerminal() && (env("NO_COLOR") ?? "") === "";
  },
  get interactive() {
    return outputIsTerminal();
  },
  onInterrupt(handler) {
    const stops = [onSignal("SIGINT", handler), onSignal("SIGTERM", handler)];
    return () => stops.forEach((stop) => stop());
  },
  now: () => Date.now(),
};

/** Whether the program that read our output has ended, as `head` does: no failure, but nothing is left to do. */
export function isReaderGone(error: unknown): boolean {
  return error instanceof Error && error.name === "BrokenPipe";
}

/** Exit codes of every command. */
export const exitCode = { done: 0, failed: 1, usage: 2, interrupted: 130 } as const;

/** The arguments cannot be understood; the message says which and why. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
