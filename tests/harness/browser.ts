/** A real browser (Chromium), controlled through the Chrome DevTools Protocol. */
export class Browser implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #profile: string;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (message: Message) => void>();
  #sent = 0;
  #session = "";

  private constructor(child: Deno.ChildProcess, profile: string, socket: WebSocket) {
    this.#child = child;
    this.#profile = profile;
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      const message = JSON.parse(String(data)) as Message;
      if (message.id !== undefined) this.#waiting.get(message.id)?.(message);
    });
  }

  /** Null if there is no Chromium on this machine. */
  static async start(): Promise<Browser | null> {
    const profile = Deno.makeTempDirSync({ prefix: "agent-browser-" });
    let child: Deno.ChildProcess;
    try {
      child = new Deno.Command("chromium", {
        args: [
          "--headless",
          "--no-sandbox",
          "--disable-gpu",
          "--disable-background-networking",
          "--no-first-run",
          "--remote-debugging-port=0",
          `--user-data-dir=${profile}`,
          "about:blank",
        ],
        stdin: "null",
        stdout: "null",
        stderr: "piped",
      }).spawn();
    } catch (error) {
      Deno.removeSync(profile, { recursive: true });
      if (error instanceof Deno.errors.NotFound) return null;
      throw error;
    }
    let printed = "";
    for await (const bytes of child.stderr.values({ preventCancel: true })) {
      printed += new TextDecoder().decode(bytes);
      if (/DevTools listening on \S+\n/.test(printed)) break;
    }
    child.stderr.pipeTo(new WritableStream()).catch(() => {});
    const socket = new WebSocket(/DevTools listening on (\S+)/.exec(printed)?.[1] ?? "");
    await new Promise((resolve, reject) => {
      socket.addEventListener("open", resolve);
      socket.addEventListener("error", reject);
    });
    const browser = new Browser(child, profile, socket);
    const target = await browser.#call("Target.createTarget", { url: "about:blank" });
    const attached = await browser.#call("Target.attachToTarget", {
      targetId: target["targetId"],
      flatten: true,
    });
    browser.#session = String(attached["sessionId"]);
    return browser;
  }

  /** Shows a page on a screen of that width, in light or dark mode. */
  async show(url: string, options: { width: number; scheme: "light" | "dark" }): Promise<void> {
    await this.#call("Emulation.setDeviceMetricsOverride", {
      width: options.width,
      height: 900,
      deviceScaleFactor: 1,
      mobile: options.width < 600,
    });
    await this.#call("Emulation.setEmulatedMedia", {
      features: [{ name: "prefers-color-scheme", value: options.scheme }],
    });
    await this.#call("Page.navigate", { url });
    await this.evaluate(
      "new Promise((resolve) => document.readyState === 'complete' ? resolve() : " +
        "addEventListener('load', () => resolve()))",
    );
  }

  /** Evaluates an expression in the page; waits for a promise. */
  async evaluate(expression: string): Promise<unknown> {
    const result = await this.#call("Runtime.evaluate", {
      expression,
      awaitPromise: true,
      returnByValue: true,
    });
    if (result["exceptionDetails"] !== undefined) {
      throw new Error(JSON.stringify(result["exceptionDetails"]));
    }
    return (result["result"] as { value?: unknown }).value;
  }

  /** The whole page as PNG. */
  async screenshot(): Promise<Uint8Array<ArrayBuffer>> {
    const { data } = await this.#call("Page.captureScreenshot", { captureBeyondViewport: true });
    return Uint8Array.from(atob(String(data)), (character) => character.charCodeAt(0));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#socket.close();
    this.#child.kill("SIGKILL");
    await this.#child.status;
    // Its child processes may keep writing for a moment.
    for (let tries = 0; tries < 50; tries++) {
      try {
        Deno.removeSync(this.#profile, { recursive: true });
        return;
      } catch {
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    }
  }

  #call(method: string, params: Record<string, unknown>): Promise<Record<string, unknown>> {
    const id = ++this.#sent;
    const { promise, resolve, reject } = Promise.withResolvers<Record<string, unknown>>();
    this.#waiting.set(id, ({ result, error }) => {
      this.#waiting.delete(id);
      if (error !== undefined) reject(new Error(`${method}: ${error.message}`));
      else resolve(result ?? {});
    });
    const session = this.#session === "" ? {} : { sessionId: this.#session };
    this.#socket.send(JSON.stringify({ id, method, params, ...session }));
    return promise;
  }
}

interface Message {
  readonly id?: number;
  readonly result?: Record<string, unknown>;
  readonly error?: { readonly message: string };
}
