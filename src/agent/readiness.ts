import type { Config } from "../config/schema.ts";
import { logFolderProblem } from "./log_folder_checks.ts";

/** How often readiness is checked for clients that watch the health service, milliseconds. */
const checkMs = 5000;

/** Whether the agent can do its work, and why not. */
export class Readiness implements Disposable {
  readonly #config: Config;
  readonly #certificateNotAfterMs: () => number | null;
  readonly #reviewProblem: () => string | null;
  readonly #listenerProblems: () => readonly string[];
  #stage: "starting" | "serving" | "stopping" = "starting";
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(
    config: Config,
    options: {
      /** End of validity of the certificate in use; null: no TLS. */
      readonly certificateNotAfterMs: () => number | null;
      /** Why no access review can be had; null where they can. */
      readonly reviewProblem: () => string | null;
      /** Which ports accept no connections. */
      readonly listenerProblems?: () => readonly string[];
    },
  ) {
    this.#config = config;
    this.#certificateNotAfterMs = options.certificateNotAfterMs;
    this.#reviewProblem = options.reviewProblem;
    this.#listenerProblems = options.listenerProblems ?? (() => []);
  }

  /** The agent serves from now on. Calls onChange at once, and then whenever readiness changes. */
  serving(onChange: (ready: boolean) => void): void {
    this.#stage = "serving";
    let last: boolean | null = null;
    const check = () => {
      const ready = this.problems().length === 0;
      if (ready !== last) onChange(ready);
      last = ready;
    };
    check();
    this.#timer = setInterval(check, checkMs);
  }

  /** It will not serve again. */
  stopping(): void {
    this.#stage = "stopping";
    clearInterval(this.#timer);
  }

  /** Why the agent is not ready; empty when it is. */
  problems(): string[] {
    if (this.#stage === "starting") return ["The agent is starting"];
    if (this.#stage === "stopping") return ["The agent is stopping"];
    const problems: string[] = [];
    const folder = logFolderProblem(this.#config);
    if (folder !== null) problems.push(folder);
    const notAfter = this.#certificateNotAfterMs();
    if (notAfter !== null && notAfter <= Date.now()) {
      problems.push(
        `The certificate ${this.#config.tls.certFile} expired ${new Date(notAfter).toISOString()}`,
      );
    }
    const reviews = this.#reviewProblem();
    if (reviews !== null) problems.push(`No call can be authorized: ${reviews}`);
    return [...problems, ...this.#listenerProblems()];
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
