import { exitCode, isReaderGone, type Terminal, UsageError } from "./terminal.ts";

/**
 * Runs a command: gives it a signal that fires when it is interrupted, and turns what it throws into words and an
 * exit code. Errors that isExpected knows speak for themselves; any other is a fault in the program and shows where.
 */
export async function runCommand(
  terminal: Terminal,
  command: (signal: AbortSignal) => Promise<number>,
  isExpected: (error: unknown) => boolean,
  codes: { readonly failed: number } = exitCode,
): Promise<number> {
  const interrupted = new AbortController();
  const stopListening = terminal.onInterrupt(() => {
    stopListening(); // A second Ctrl-C ends the process, whatever this command still waits for.
    interrupted.abort();
  });
  try {
    return await command(interrupted.signal);
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
