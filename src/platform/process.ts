/** The running process: arguments, environment, signals, exit. */

export const args: readonly string[] = Deno.args;

/** An environment variable; undefined also if the permission to read it was not granted. */
export function env(name: string): string | undefined {
  try {
    return Deno.env.get(name);
  } catch (error) {
    if (error instanceof Deno.errors.NotCapable) return undefined;
    throw error;
  }
}

/** Path of the running binary: the program's own if it is standalone, otherwise the runtime's. */
export function executablePath(): string {
  return Deno.execPath();
}

/** Whether the program is a standalone binary rather than run from source. */
export function isStandalone(): boolean {
  return Deno.build.standalone;
}

/** The name of the host, as `hostname` prints it. */
export function hostName(): string {
  return Deno.hostname();
}

/** Ends the process at once with an exit code, 0 to 255. */
export function exit(code: number): never {
  Deno.exit(code);
}

/** Calls handler each time the process receives the signal. Returns a function that removes the handler. */
export function onSignal(signal: "SIGINT" | "SIGTERM" | "SIGHUP", handler: () => void): () => void {
  Deno.addSignalListener(signal, handler);
  return () => Deno.removeSignalListener(signal, handler);
}

/** Resident memory of the process, bytes. */
export function residentBytes(): number {
  return Deno.memoryUsage().rss;
}

/** Effective user ID; null if the platform has none. */
export function userId(): number | null {
  return Deno.uid();
}

/** Writes the whole text to standard output before it returns. Throws if the reader has gone. */
export function writeOut(text: string | Uint8Array): void {
  writeAll(Deno.stdout, text);
}

/** Writes the whole text to standard error before it returns. Throws if the reader has gone. */
export function writeError(text: string): void {
  writeAll(Deno.stderr, text);
}

/** Whether standard output is a terminal. */
export function outputIsTerminal(): boolean {
  return Deno.stdout.isTerminal();
}

/** Width of the terminal in characters; null if standard output is not a terminal. */
export function outputColumns(): number | null {
  if (!Deno.stdout.isTerminal()) return null;
  try {
    const { columns } = Deno.consoleSize();
    return columns > 0 ? columns : null;
  } catch {
    return null; // Some terminals do not report their size.
  }
}

/** Reads standard input, at most into.length bytes. Resolves to the count; null at the end. */
export function readInput(into: Uint8Array): Promise<number | null> {
  return Deno.stdin.read(into);
}

function writeAll(to: { writeSync(bytes: Uint8Array): number }, text: string | Uint8Array): void {
  let bytes = typeof text === "string" ? new TextEncoder().encode(text) : text;
  while (bytes.length > 0) bytes = bytes.subarray(to.writeSync(bytes));
}
