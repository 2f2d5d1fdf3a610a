import { setTimeout as wait } from "node:timers/promises";
import { Client } from "./client_process.ts";
import type { KeptRun, ServerRuns } from "./kept_run.ts";
import type { BenchLogs } from "./logs.ts";
import type { Figure, Measure } from "./measures.ts";
import { ProcessUse } from "./process_use.ts";
import { ripgrep } from "./ripgrep.ts";
import type { Server, StartServer } from "./server.ts";

/** How many times a short measurement is taken per turn: the median is one figure. */
const SHORT_TIMES = 5;
/** From a server's start until its memory counts as idle, milliseconds. */
const SETTLE_MS = 10_000;

export interface InterleaveOptions {
  readonly starts: readonly StartServer[];
  readonly measures: readonly Measure[];
  readonly turns: number;
  readonly logs: BenchLogs;
  /** Whether ripgrep takes its turn. */
  readonly withRipgrep: boolean;
  /** Whether each turn starts every server again to measure its idle memory. */
  readonly withIdle: boolean;
  /** Ends the run between two measurements; the run then rejects. */
  readonly signal: AbortSignal;
  /** Receives everything that complete turns have measured so far. */
  readonly keep: (measured: Omit<KeptRun, "machine">, turns: number) => void;
}

/**
 * Measures all servers in turns: each turn takes every measurement, and each measurement runs on every server once, in
 * a different order each time, so that other work on the machine and the after-effects of the previous measurement
 * affect all alike. A first turn fills the page cache and compiles code, and is not counted. Slow patterns have
 * separate turns afterwards: their memory must not show in other figures.
 */
export async function interleave(options: InterleaveOptions): Promise<void> {
  const { measures, turns, logs, withRipgrep, signal } = options;
  await using stack = new AsyncDisposableStack();
  const subjects: Subject[] = [];
  for (const start of options.starts) {
    const server = stack.use(await start());
    subjects.push(new Subject(start, server, stack.use(new Client(server)), logs));
  }
  const search: Record<string, number[]> = {};
  const rounds = [
    {
      title: "all",
      measures: measures.filter(({ isSlowPattern }) => isSlowPattern !== true),
      withIdle: options.withIdle,
    },
    {
      title: "slow patterns",
      measures: measures.filter(({ isSlowPattern }) => isSlowPattern === true),
      withIdle: false,
    },
  ].filter((round) => round.measures.length > 0 || round.withIdle);
  for (const round of rounds) {
    const progress = new Progress(round.title, turns);
    for (let turn = 0; turn <= turns; turn++) {
      const isCounted = turn > 0;
      if (round.withIdle && isCounted) await measureIdle(subjects, signal);
      for (const measure of round.measures) {
        for (let place = 0; place < subjects.length; place++) {
          const subject = subjects[placeInTurn(place, turn, subjects.length)]!;
          if (measure.ownOnly && !subject.server.isOwn) continue;
          await subject.measure(measure, { isCounted });
          signal.throwIfAborted(); // It may have ended the client too, so this is not a valid figure.
        }
        if (!withRipgrep || measure.ripgrep === undefined) continue;
        const { pattern, path } = measure.ripgrep;
        const milliseconds = await ripgrep(pattern, path(logs));
        if (isCounted) (search[measure.name] ??= []).push(milliseconds);
      }
      progress.done(turn);
      if (!isCounted) continue;
      const servers = subjects.map((subject) => subject.result());
      const complete = round === rounds[0] ? turn : turns;
      options.keep(structuredClone({ servers, ripgrep: search }), complete);
    }
  }
}

/**
 * Which of `count` servers has the place in a turn: every second turn is reversed, so that none always follows the same
 * one.
 */
function placeInTurn(place: number, turn: number, count: number): number {
  const step = turn % 2 === 0 ? place : count - 1 - place;
  return (step + (turn >> 1)) % count;
}

/** Reports the progress of a round and its expected end on standard error. */
class Progress {
  readonly #title: string;
  readonly #turns: number;
  readonly #taken: number[] = [];
  #began = performance.now();

  constructor(title: string, turns: number) {
    this.#title = title;
    this.#turns = turns;
  }

  done(turn: number): void {
    const now = performance.now();
    this.#taken.push((now - this.#began) / 1000);
    this.#began = now;
    const counted = this.#taken.slice(Math.min(1, this.#taken.length - 1));
    const each = counted.reduce((sum, seconds) => sum + seconds, 0) / counted.length;
    const left = each * (this.#turns - turn) / 60;
    const which = turn === 0 ? "first turn, not counted" : `turn ${turn} of ${this.#turns}`;
    console.error(
      `${this.#title}: ${which}: ${this.#taken.at(-1)!.toFixed(0)} s; ${left.toFixed(1)} min left`,
    );
  }
}

/** Starts another process of every server that allows it, at the same time, and reads their idle memory. */
async function measureIdle(subjects: readonly Subject[], signal: AbortSignal): Promise<void> {
  await using stack = new AsyncDisposableStack();
  const fresh: { subject: Subject; use: ProcessUse }[] = [];
  for (const subject of subjects) {
    if (subject.server.isRunning) continue;
    const server = stack.use(await subject.start());
    fresh.push({ subject, use: new ProcessUse(server.pid) });
  }
  await wait(SETTLE_MS, undefined, { signal });
  for (const { subject, use } of fresh) subject.addIdle(use.memory().now);
}

/** A server with its client, and its measurements so far. */
class Subject {
  readonly start: StartServer;
  readonly server: Server;
  readonly #subject: { client: Client; use: ProcessUse; logs: BenchLogs };
  readonly #idle: number[] = [];
  readonly #figures: Record<string, Figure[]> = {};
  readonly #failures: Record<string, string> = {};
  readonly #peaks: Record<string, number> = {};

  constructor(start: StartServer, server: Server, client: Client, logs: BenchLogs) {
    this.start = start;
    this.server = server;
    this.#subject = { client, use: new ProcessUse(server.pid), logs };
  }

  addIdle(megabytes: number): void {
    this.#idle.push(megabytes);
  }

  async measure(measure: Measure, { isCounted }: { isCounted: boolean }): Promise<void> {
    const { name } = measure;
    if (this.#failures[name] !== undefined) return;
    const { use } = this.#subject;
    try {
      const figures: Figure[] = [];
      use.resetPeak();
      for (let time = 0; time < (measure.isShort ? SHORT_TIMES : 1); time++) {
        figures.push(await measure.run(this.#subject));
      }
      this.#peaks[name] = Math.max(this.#peaks[name] ?? 0, use.memory().peak);
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
      memory: { idle: this.#idle, byMeasure: this.#peaks },
    };
  }
}
