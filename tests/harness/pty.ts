/** A program on a pseudo-terminal, as a person runs it, by means of script(1) from util-linux. */
export class Pty implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #waiting = new Set<() => void>();
  readonly #reading: Promise<void>;
  /** Everything that was shown so far. */
  shown = "";
  #hasEnded = false;

  constructor(
    command: string,
    options: { readonly columns: number; readonly env?: Readonly<Record<string, string>> },
  ) {
    this.#child = new Deno.Command("script", {
      args: [
        "--quiet",
        "--flush",
        "--return",
        "--command",
        `stty rows 50 cols ${options.columns}; ${command}`,
        "/dev/null",
      ],
      cwd: new URL("../../", import.meta.url),
      env: { TERM: "xterm-256color", SHELL: "/bin/bash", NO_COLOR: "", ...options.env },
      stdin: "piped",
      stdout: "piped",
      stderr: "null",
    }).spawn();
    this.#input = this.#child.stdin.getWriter();
    this.#reading = this.#read();
  }

  /** Resolves when the text was shown; rejects if the program ends without it. */
  async shows(text: string | RegExp): Promise<void> {
    const isShown = () =>
      typeof text === "string" ? this.shown.includes(text) : text.test(this.shown);
    while (!isShown()) {
      if (this.#hasEnded) throw new Error(`Ended without ${text}:\n${this.shown}`);
      await new Promise<void>((resolve) => {
        const wake = () => {
          this.#waiting.delete(wake);
          resolve();
        };
        this.#waiting.add(wake);
      });
    }
  }

  /** Types Ctrl-C. */
  async interrupt(): Promise<void> {
    await this.#input.write(new Uint8Array([3])).catch(() => {}); // It may have ended.
  }

  /** The program's exit code, once it has ended and everything was shown. */
  async ended(): Promise<number> {
    const { code } = await this.#child.status;
    await this.#reading;
    return code;
  }

  /** The output as lines, without line ends. */
  lines(): string[] {
    return this.shown.replaceAll("\r", "").split("\n");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#hasEnded) {
      try {
        this.#child.kill("SIGKILL");
      } catch {
        // It has ended meanwhile.
      }
    }
    await this.#input.close().catch(() => {});
    await this.#child.status;
    await this.#reading;
  }

  async #read(): Promise<void> {
    const decoder = new TextDecoder();
    for await (const bytes of this.#child.stdout) {
      this.shown += decoder.decode(bytes, { stream: true });
      for (const wake of [...this.#waiting]) wake();
    }
    this.#hasEnded = true;
    for (const wake of [...this.#waiting]) wake();
  }
}
