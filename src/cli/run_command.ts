import { exitCode, isReaderGone, type Terminal, UsageError } from "./terminal.ts";

/**
 * A second interrupt within this time is a duplicate: `deno task` forwards an interrupt that the terminal already sends
 * to every process.
 */
const SAME_INTERRUPT_MS = 1000;

/** The context of a running command. */
export interface CommandContext {
  /** Fires when the command is interrupted: it should end soon. */
  readonly signal: AbortSignal;
  /**
   * Registers clean-up that must run even if the command is ended at once, by a second interrupt. Returns a function
   * that unregisters it.
   */
  onForcedEnd(cleanUp: () => void): () => void;
}

/**
 * Runs a command: signals when it is interrupted, and turns its errors into a message and an exit code. Errors that
 * isExpected recognizes are shown by their message only; any other is a bug in the program and is shown with its
 * location. A second interrupt ends the process at once.
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
