import type { Terminal } from "../../src/cli/terminal.ts";
import { terminalSafe } from "../../src/cli/terminal_text.ts";

/** A terminal that records what is written and can be interrupted. */
export class CapturedTerminal implements Terminal {
  stdout = "";
  stderr = "";
  readonly color: boolean;
  readonly interactive: boolean;
  readonly columns: number | null;
  readonly #handlers = new Set<() => void>();
  readonly #waiting = new Set<() => void>();

  /** columns: simulates an interactive terminal of that width. */
  constructor(options: { color?: boolean; columns?: number } = {}) {
    this.color = options.color ?? false;
    this.columns = options.columns ?? null;
    this.interactive = this.columns !== null;
  }

  out(text: string, { raw = false }: { raw?: boolean } = {}): void {
    this.stdout += this.interactive && !raw ? terminalSafe(text) : text;
    for (const look of this.#waiting) look();
  }

  err(text: string): void {
    this.stderr += terminalSafe(text);
    for (const look of this.#waiting) look();
  }

  onInterrupt(handler: () => void): () => void {
    this.#handlers.add(handler);
    return () => this.#handlers.delete(handler);
  }

  /** Set by a second interrupt. */
  exitedWith: number | null = null;

  exit(code: number): void {
    this.exitedWith = code;
  }

  now(): number {
    return Date.parse("2024-10-01T06:00:00Z");
  }

  /** Like Ctrl-C. */
  interrupt(): void {
    for (const handler of [...this.#handlers]) handler();
  }

  /** Resolves when the text was written; rejects if the command ends without it. */
  shows(text: string, command: Promise<number>): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const look = () => {
      if (!this.stdout.includes(text) && !this.stderr.includes(text)) return;
      this.#waiting.delete(look);
      resolve();
    };
    this.#waiting.add(look);
    look();
    command.then((code) => {
      reject(new Error(`Ended with ${code}, without ${text}:\n${this.stdout}\n${this.stderr}`));
    });
    return promise;
  }
}
