import { exitCode, isReaderGone, type Terminal, UsageError } from "./terminal.ts";

/** A second interrupt within this time is a duplicate: `deno task` forwards what the terminal sends to every process anyway. */
const SAME_INTERRUPT_MS = 1000;

/** What a running command is given. */
export interface CommandContext {
  /** Fires when the command is interrupted: it should end soon. */
  readonly signal: AbortSignal;
  /** Registers what must happen even where the command is ended at once, by a second interrupt. Returns its removal. */
  onForcedEnd(cleanUp: () => void): () => void;
}

/**
 * Runs a command: signals when it is interrupted, and turns what it throws into a message and an exit code. Errors that
 * isExpected knows speak for themselves; any other is a fault in the program and shows where. A second interrupt ends
 * the process at once.
 */
export async function runCommand(
  terminal: Terminal,
  command: (signal: AbortSignal, context: CommandContext) => Promise<number>,
  isExpected: (error: unknown) => boolean,
  codes: { readonly failed: number } = exitCode,
): Promise<number> {
  const interrupted = new AbortController();
  const cleanUps = new Set<() => void>();
  let firstMs: number | null = null;
  const stopListening = terminal.onInterrupt(() => {
    const now = performance.now();
    firstMs ??= now;
    interrupted.abort();
    if (now - firstMs < SAME_INTERRUPT_MS) return;
    for (const cleanUp of cleanUps) cleanUp();
    terminal.exit(exitCode.interrupted);
  });
  const context: CommandContext = {
    signal: interrupted.signal,
    onForcedEnd(cleanUp) {
      cleanUps.add(cleanUp);
      return () => cleanUps.delete(cleanUp);
    },
  };
  try {
    return await command(interrupted.signal, context);
  } catch (error) {
    if (isReaderGone(error)) return exitCode.done;
    if (interrupted.signal.aborted) return exitCode.interrupted;
    if (error instanceof UsageError) {
      terminal.err(`${error.message}\n`);
      return exitCode.usage;
    }
    const message = error instanceof Error ? error.message : String(error);
    const trace = isExpected(error) || !(error instanceof Error) ? "" : `${error.stack}\n`;
    terminal.err(trace === "" ? `${message}\n` : trace);
    return codes.failed;
  } finally {
    stopListening();
  }
}
