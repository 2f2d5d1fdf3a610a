import type { Config } from "../config/schema.ts";
import { logFolderProblem } from "./log_folder_checks.ts";

/** How often readiness is checked for clients that watch the health service, milliseconds. */
const CHECK_MS = 5000;

/** What a serving agent needs, apart from its log folder. */
export interface ReadinessSources {
  /** End of validity of the certificate in use, milliseconds since the epoch; null: no TLS. */
  readonly certificateNotAfterMs: () => number | null;
  /** Why access reviews are not possible; null if they are. */
  readonly reviewProblem: () => string | null;
  /** Which ports accept no connections. */
  readonly listenerProblems?: () => readonly string[];
}

/**
 * Whether the agent can do its work, and why not. Owned by serve; the telemetry port and the health service ask it.
 */
export class Readiness implements Disposable {
  readonly #config: Config;
  /** Null until it serves. */
  #sources: ReadinessSources | null = null;
  #isStopping = false;
  #timer: ReturnType<typeof setInterval> | undefined;

  constructor(config: Config) {
    this.#config = config;
  }

  /** The agent serves from now on. Calls onChange at once, and then whenever readiness changes. */
  serving(sources: ReadinessSources, onChange: (ready: boolean) => void): void {
    this.#sources = sources;
    let last: boolean | null = null;
    const check = () => {
      const ready = this.problems().length === 0;
      if (ready !== last) onChange(ready);
      last = ready;
    };
    check();
    this.#timer = setInterval(check, CHECK_MS);
  }

  /** It will not serve again. */
  stopping(): void {
    this.#isStopping = true;
    clearInterval(this.#timer);
  }

  /** Why the agent is not ready; empty if it is. */
  problems(): string[] {
    const sources = this.#sources;
    if (this.#isStopping) return ["The agent is stopping"];
    if (sources === null) return ["The agent is starting"];
    const problems: string[] = [];
    const folder = logFolderProblem(this.#config);
    if (folder !== null) problems.push(folder);
    const notAfter = sources.certificateNotAfterMs();
    if (notAfter !== null && notAfter <= Date.now()) {
      problems.push(
        `The certificate ${this.#config.tls.certFile} expired ${new Date(notAfter).toISOString()}`,
      );
    }
    const reviews = sources.reviewProblem();
    if (reviews !== null) problems.push(`No call can be authorized: ${reviews}`);
    return [...problems, ...(sources.listenerProblems?.() ?? [])];
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
  }
}
