import { Client } from "./client_process.ts";
import type { KeptRun, ServerRuns } from "./kept_run.ts";
import type { BenchLogs } from "./logs.ts";
import type { Figure, Measure } from "./measures.ts";
import { ProcessUse } from "./process_use.ts";
import { ripgrep } from "./ripgrep.ts";
import type { Server } from "./server.ts";

/** A measure that takes milliseconds is taken so often in a turn: its median is one figure. */
const SHORT_TIMES = 5;
/** From a server's start until its memory counts as idle, milliseconds. */
const SETTLE_MS = 2000;

export interface InterleaveOptions {
  readonly servers: readonly Server[];
  readonly measures: readonly Measure[];
  readonly turns: number;
  readonly logs: BenchLogs;
  /** Whether ripgrep takes its turn. */
  readonly withRipgrep: boolean;
}

/**
 * Measures all servers in turns: in each turn every server once, beginning with another one each time, so that
 * whatever else the machine does meets them alike. A first turn fills the page cache and compiles, and is
 * not counted.
 */
export async function interleave(options: InterleaveOptions): Promise<Omit<KeptRun, "machine">> {
  const { servers, measures, turns, logs, withRipgrep } = options;
  await new Promise((resolve) => setTimeout(resolve, SETTLE_MS));
  await using stack = new AsyncDisposableStack();
  const subjects = servers.map((server) =>
    new Subject(server, stack.use(new Client(server)), logs)
  );
  const search: Record<string, number[]> = {};
  for (const measure of measures) {
    console.error(measure.name);
    for (let turn = 0; turn <= turns; turn++) {
      for (let place = 0; place < subjects.length; place++) {
        const subject = subjects[(place + turn) % subjects.length]!;
        if (measure.ownOnly && !subject.server.isOwn) continue;
        await subject.measure(measure, { isCounted: turn > 0 });
      }
      if (!withRipgrep || measure.ripgrep === undefined) continue;
      const { pattern, path } = measure.ripgrep;
      const milliseconds = await ripgrep(pattern, path(logs));
      if (turn > 0) (search[measure.name] ??= []).push(milliseconds);
    }
  }
  return { servers: subjects.map((subject) => subject.result()), ripgrep: search };
}

/** A server with its client, and what was measured of it so far. */
class Subject {
  readonly server: Server;
  readonly #subject: { client: Client; use: ProcessUse; logs: BenchLogs };
  readonly #idle: number;
  readonly #figures: Record<string, Figure[]> = {};
  readonly #failures: Record<string, string> = {};
  readonly #peaks: Record<string, number> = {};

  constructor(server: Server, client: Client, logs: BenchLogs) {
    this.server = server;
    const use = new ProcessUse(server.pid);
    this.#subject = { client, use, logs };
    this.#idle = use.memory().now;
  }

  async measure(measure: Measure, { isCounted }: { isCounted: boolean }): Promise<void> {
    const { name } = measure;
    if (this.#failures[name] !== undefined) return;
    try {
      const figures: Figure[] = [];
      this.#peaks[name] = Math.max(
        this.#peaks[name] ?? 0,
        await this.#peakDuring(async () => {
          for (let time = 0; time < (measure.isShort ? SHORT_TIMES : 1); time++) {
            figures.push(await measure.run(this.#subject));
          }
        }),
      );
      figures.sort((a, b) => a.value - b.value);
      if (isCounted) (this.#figures[name] ??= []).push(figures[figures.length >> 1]!);
    } catch (error) {
      this.#failures[name] = error instanceof Error ? error.message : String(error);
      console.error(`${this.server.name}: ${name}: ${this.#failures[name]}`);
    }
  }

  result(): ServerRuns {
    return {
      name: this.server.name,
      figures: this.#figures,
      failures: this.#failures,
      memory: {
        idle: this.#idle,
        peak: this.#subject.use.memory().peak,
        byMeasure: this.#peaks,
      },
    };
  }

  /** The most memory that was seen at one time, sampled every 5 ms, in MB. */
  async #peakDuring(work: () => Promise<void>): Promise<number> {
    const { use } = this.#subject;
    let peak = 0;
    const timer = setInterval(() => peak = Math.max(peak, use.memory().now), 5);
    try {
      await work();
    } finally {
      clearInterval(timer);
    }
    return peak;
  }
}
